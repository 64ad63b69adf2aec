//! What staff sees and asks of the tablet itself: its menu, how it is set, its reader, how it is. No child is in any of it.

use super::Tone;
use crate::settings::{Settings, Sound, Theme};
use crate::words::Language;

/// How the window is to look from now on, by the settings and the hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    /// Main acts and what stands beside are on the left.
    pub left_handed: bool,
    /// Everything is larger.
    pub large: bool,
    /// Light on dark.
    pub dark: bool,
    /// Nothing moves.
    pub still: bool,
    /// What it speaks.
    pub language: Language,
}

/// A page of the menu, in front of the board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TabletDialog {
    /// Which, with what it shows.
    pub page: TabletPage,
    /// Seconds until it closes by itself, once they are few.
    pub closes_in_s: Option<u32>,
}

/// What a page of the menu shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TabletPage {
    /// A card of the team is asked for first.
    Card,
    /// Where to go.
    Menu,
    /// How the tablet is set.
    Settings(SettingsPage),
    /// What the reader reads.
    Reader(ReaderPage),
    /// How the tablet is.
    Diagnosis(DiagnosisPage),
    /// The way out of the program, with a sentence on what waits.
    Leave(String),
}

/// How the tablet is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsPage {
    /// As they hold now.
    pub settings: Settings,
    /// Why they aren't kept, where they aren't.
    pub trouble: Option<String>,
}

/// What the reader reads, live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderPage {
    /// How it is, and what to do.
    pub state: Finding,
    /// "décimal, octets à l'envers".
    pub form: String,
    /// What was made of the last card; `None` before the first.
    pub said: Option<(Tone, String)>,
    /// Cards held to it since the page was opened: the same one twice is seen to be read twice.
    pub held: u32,
}

/// How the tablet is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiagnosisPage {
    /// One subject each, what isn't well first.
    pub findings: Vec<Finding>,
    /// Where the export was written, or why it wasn't.
    pub exported: Option<(Tone, String)>,
}

/// How one thing is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// "Ligne".
    #[serde(rename = "sujet")]
    pub subject: String,
    /// "Sans réseau depuis 8 h 10".
    #[serde(rename = "etat")]
    pub words: String,
    /// What to do about it; empty where there is nothing to.
    #[serde(rename = "que_faire")]
    pub advice: String,
    /// How serious.
    #[serde(skip)]
    pub tone: Tone,
}

/// What staff asks of the tablet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TabletAct {
    /// A finger that stayed on the place's name.
    Menu,
    /// To a page of the menu.
    Open(TabletPlace),
    /// One setting is to be so.
    Set(Setting),
    /// Write how the tablet is into a file.
    Export,
    /// End the program, from its own page.
    Leave,
    /// A finger or a key that asks nothing: somebody is here.
    Touched,
}

/// Where the menu leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TabletPlace {
    /// How the tablet is set.
    Settings,
    /// What the reader reads.
    Reader,
    /// How the tablet is.
    Diagnosis,
    /// The way out.
    Leave,
}

/// One setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// See [`Settings::left_handed`].
    LeftHanded(bool),
    /// See [`Settings::large_type`].
    LargeType(bool),
    /// See [`Settings::less_motion`].
    LessMotion(bool),
    /// See [`Settings::families`].
    Families(bool),
    /// See [`Settings::handing_over`].
    HandingOver(bool),
    /// See [`Settings::theme`].
    Theme(Theme),
    /// See [`Settings::language`].
    Language(Language),
    /// See [`Settings::rest_minutes`].
    RestMinutes(u32),
    /// See [`Settings::alert_minutes`].
    AlertMinutes(u32),
    /// See [`Settings::sound`].
    Sound(Sound),
}
