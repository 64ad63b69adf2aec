//! The screens in front of the board, in plain values.

use super::{Corrects, EvacuationDialog, EvacuationHelp, EvacuationReport, OutingChoice, OutingDialog, PhotoHash};
use chrono::{NaiveDate, NaiveTime};
use shared::id::{ChildId, PersonId, StaffId};

/// A screen in front of the board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dialog {
    /// Children of one household after a badge, ticked: who arrives?
    Arrival(Vec<Choice>),
    /// Who takes these children?
    Departure(DepartureDialog),
    /// What can be done with one child: absent, arrived earlier, left.
    Child(ChildDialog),
    /// Which is the right time?
    Time(TimeDialog),
    /// Who answers for the day sheet?
    Sign(SignDialog),
    /// A barred adult: fills the screen until acknowledged.
    Barred(BarredDialog),
    /// What to know of a child in danger, and whom to call.
    Care(CareDialog),
    /// Everybody on the site: who was seen, who is missing.
    Evacuation(EvacuationDialog),
    /// How the roll call is opened.
    EvacuationHelp(EvacuationHelp),
    /// What stays of one.
    EvacuationReport(EvacuationReport),
    /// Who leaves with an outing?
    OutingChoice(OutingChoice),
    /// An outing that is away: counted, or back.
    Outing(OutingDialog),
}

/// A child to tick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Who.
    pub child: ChildId,
    /// "Léa Martin".
    pub name: String,
    /// "LM".
    pub initials: String,
    /// Colour behind the initials.
    pub hue: u8,
    /// The photo, where there is one.
    pub photo: Option<PhotoHash>,
    /// Ticked.
    pub ticked: bool,
}

/// "Départ de Léa Martin".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepartureDialog {
    /// The child that was touched.
    pub child: ChildId,
    /// "Léa Martin".
    pub name: String,
    /// "LM".
    pub initials: String,
    /// Colour behind the initials.
    pub hue: u8,
    /// The photo, where there is one.
    pub photo: Option<PhotoHash>,
    /// "Arrivée à 7:42 · il est 16:37 · qui vient la chercher ?" (without gender: "qui vient ?").
    pub subtitle: String,
    /// Those allowed today; never a barred one.
    pub adults: Vec<AdultCard>,
    /// Brothers and sisters here, who may leave too.
    pub siblings: Vec<Choice>,
    /// "Part seul à partir de 17:00", where the parents said so.
    pub alone_hint: Option<String>,
    /// Whether leaving alone is allowed now.
    pub may_leave_alone: bool,
    /// "Léa et Tom partent", "Léa part avec Marc Petit".
    pub confirm: String,
    /// Whether somebody was chosen or named (and an hour, where one is asked), so that `confirm` means something.
    pub may_confirm: bool,
    /// Once the moment is over: when did they leave, and who says so?
    pub late: Option<LateDeparture>,
}

/// A departure that nobody touched in time. The hour is somebody's word: none is proposed as chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LateDeparture {
    /// Which hour.
    pub hours: HourPick,
    /// Whether "Part sans adulte" is chosen.
    pub alone: bool,
    /// Who may have seen it, by name: touching one records. Empty where somebody is named already, or the site has no list of staff, or
    /// the child leaves now.
    pub witnesses: Vec<StaffChoice>,
}

/// Hours to choose from, large ones by quarters, and a chosen one to move by five minutes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HourPick {
    /// In order; "maintenant" last, where it makes sense.
    pub choices: Vec<HourChoice>,
    /// "18:15"; `None` until somebody chose.
    pub chosen: Option<String>,
    /// Whether five minutes earlier are possible.
    pub may_be_earlier: bool,
    /// Whether five minutes later are possible.
    pub may_be_later: bool,
}

/// One hour to touch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HourChoice {
    /// `None` is now.
    pub at: Option<NaiveTime>,
    /// "18:15", "maintenant".
    pub label: String,
    /// Chosen.
    pub chosen: bool,
}

/// A member of staff to name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffChoice {
    /// Who.
    pub staff: StaffId,
    /// "Nadia Roche".
    pub name: String,
    /// "NR".
    pub initials: String,
    /// Colour behind the initials.
    pub hue: u8,
}

/// A time that is put right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeDialog {
    /// The child.
    pub child: ChildId,
    /// "Arrivée de Léa Martin".
    pub title: String,
    /// "LM".
    pub initials: String,
    /// Colour behind the initials.
    pub hue: u8,
    /// The photo, where there is one.
    pub photo: Option<PhotoHash>,
    /// "Heure enregistrée : 7:42 · quelle est la bonne ?".
    pub subtitle: String,
    /// Which hour.
    pub hours: HourPick,
    /// "Arrivée à 7:35".
    pub confirm: String,
    /// Whether another hour was chosen.
    pub may_confirm: bool,
}

/// "Signer la journée".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignDialog {
    /// "Les Coccinelles · 14 octobre · 18 enfants sur la feuille".
    pub subtitle: String,
    /// Who may sign.
    pub directors: Vec<StaffChoice>,
}

/// An adult who may take the child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdultCard {
    /// Who.
    pub person: PersonId,
    /// "Odette Morin".
    pub name: String,
    /// "OM".
    pub initials: String,
    /// Colour behind the initials.
    pub hue: u8,
    /// The photo, where there is one.
    pub photo: Option<PhotoHash>,
    /// "grand-mère".
    pub link: String,
    /// "mercredi · pièce d'identité", where there is a condition.
    pub condition: Option<String>,
    /// Chosen.
    pub chosen: bool,
}

/// What can be done with one child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildDialog {
    /// Who.
    pub child: ChildId,
    /// "Léa Martin".
    pub name: String,
    /// "LM".
    pub initials: String,
    /// Colour behind the initials.
    pub hue: u8,
    /// The photo, where there is one.
    pub photo: Option<PhotoHash>,
    /// "Attendue dès 8:30", "Absence annoncée".
    pub subtitle: String,
    /// Whether an arrival makes sense.
    pub may_arrive: bool,
    /// Whether an absence can be noted.
    pub may_be_absent: bool,
    /// Times of today that can be put right.
    pub corrections: Vec<Correction>,
}

/// A time of today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// Which.
    pub what: Corrects,
    /// "Corriger l'arrivée de 7:42".
    pub label: String,
}

/// The alert of security.md 2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BarredDialog {
    /// "L'enfant reste avec vous. Appelez la direction. En cas de danger : 17".
    pub text: String,
    /// The child that it is about.
    pub child_name: String,
}

/// The care card of security.md 2. In plain values but for the words around them, which the window says in its own language.
#[derive(Clone, PartialEq, Eq)]
pub struct CareDialog {
    /// Who.
    pub child: ChildId,
    /// "Léa Martin".
    pub name: String,
    /// "LM".
    pub initials: String,
    /// Colour behind the initials.
    pub hue: u8,
    /// The photo, where there is one.
    pub photo: Option<PhotoHash>,
    /// What the emergency services ask first.
    pub birth_date: NaiveDate,
    /// Whole years.
    pub age_years: u32,
    /// Empty: none is known.
    pub allergies: String,
    /// What to do, as the care plan says it; empty: there is none.
    pub plan: String,
    /// There are instructions, and this tablet hasn't been told them: "none" would be a lie.
    pub awaited: bool,
    /// Whom to call, in order.
    pub contacts: Vec<ContactCard>,
    /// Seconds until it closes by itself, once they are few.
    pub closes_in_s: Option<u32>,
}

/// Nothing of a child's health in a log.
impl std::fmt::Debug for CareDialog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CareDialog").field("child", &self.child).finish_non_exhaustive()
    }
}

/// Somebody to call.
#[derive(Clone, PartialEq, Eq)]
pub struct ContactCard {
    /// "Claire Martin".
    pub name: String,
    /// "mère".
    pub link: String,
    /// "06 12 34 56 78"; empty where it isn't told to the tablet.
    pub telephone: String,
}

impl std::fmt::Debug for ContactCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ContactCard")
    }
}
