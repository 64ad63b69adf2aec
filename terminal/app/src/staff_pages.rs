//! The pages about the tablet itself, and how the window looks: both ways between `TabletAdapter` and the door's words.

use slint::ComponentHandle;
use terminal_core::settings::{Sound, Theme};
use terminal_core::view::{Act, Finding, Screen, Setting, TabletAct, TabletDialog, TabletPage, TabletPlace, Tone};
use terminal_core::words::{self, Language};

use crate::acts::Send;
use crate::magnify;
use crate::paint::{count, fill, mood, sentence, text};
use crate::ui::{AppWindow, FindingRow, Front, Hand, Motion, Palette, SoundChoice, StaffPage, StaffPlace, TabletAdapter, ThemeChoice};

/// How the window is to look, and whether it rests.
pub fn show_look(window: &AppWindow, screen: &Screen) {
    window.global::<Palette>().set_dark_now(screen.look.dark);
    window.global::<Motion>().set_none_now(screen.look.still);
    window.global::<Hand>().set_left(screen.look.left_handed);
    magnify::set(window, screen.look.large);
    window.global::<TabletAdapter>().set_resting(screen.rests);
    show_language(window, screen.look.language);
}

/// Both halves: the window's own words, and what this thread says of a tile to a screen reader.
fn show_language(window: &AppWindow, set: Language) {
    let tablet = window.global::<TabletAdapter>();
    let language = if tablet.get_english_always() { Language::English } else { set };
    words::speak(language);
    let english = language == Language::English;
    // Selecting paints every word anew.
    if english != tablet.get_english_now() {
        tablet.set_english_now(english);
        select(language);
    }
}

/// The window's own words, from now on.
pub fn select(language: Language) {
    if let Err(error) = slint::select_bundled_translation(language.code()) {
        tracing::warn!("the window's words are missing: {error}");
    }
}

/// A page of the menu.
pub fn show(window: &AppWindow, dialog: &TabletDialog) -> Front {
    let tablet = window.global::<TabletAdapter>();
    tablet.set_closes_in(count(dialog.closes_in_s.unwrap_or(0)));
    let page = match &dialog.page {
        TabletPage::Card => StaffPage::Card,
        TabletPage::Menu => StaffPage::Menu,
        TabletPage::Settings(page) => {
            let settings = &page.settings;
            tablet.set_left_handed(settings.left_handed);
            tablet.set_large_type(settings.large_type);
            tablet.set_less_motion(settings.less_motion);
            tablet.set_families(settings.families);
            tablet.set_handing_over(settings.handing_over);
            tablet.set_theme(match settings.theme {
                Theme::Light => ThemeChoice::Light,
                Theme::Dark => ThemeChoice::Dark,
                Theme::DarkInTheEvening => ThemeChoice::Evening,
            });
            tablet.set_sound(match settings.sound {
                Sound::Off => SoundChoice::Off,
                Sound::Faint => SoundChoice::Faint,
                Sound::Normal => SoundChoice::Normal,
                Sound::Loud => SoundChoice::Loud,
            });
            tablet.set_english(settings.language == Language::English);
            tablet.set_rest_minutes(count(settings.rest_minutes));
            tablet.set_alert_minutes(count(settings.alert_minutes));
            tablet.set_trouble(page.trouble.as_deref().map(sentence).unwrap_or_default());
            StaffPage::Settings
        }
        TabletPage::Reader(page) => {
            tablet.set_reader(finding_row(&page.state));
            tablet.set_form(sentence(&page.form));
            tablet.set_held(count(page.held));
            tablet.set_said(page.said.as_ref().map(|(_, words)| sentence(words)).unwrap_or_default());
            tablet.set_said_mood(mood(page.said.as_ref().map_or(Tone::Calm, |(tone, _)| *tone)));
            StaffPage::Reader
        }
        TabletPage::Diagnosis(page) => {
            fill(&tablet.get_findings(), page.findings.iter().map(finding_row), |model| tablet.set_findings(model));
            tablet.set_exported(page.exported.as_ref().map(|(_, words)| sentence(&breakable(words))).unwrap_or_default());
            tablet.set_exported_mood(mood(page.exported.as_ref().map_or(Tone::Calm, |(tone, _)| *tone)));
            StaffPage::Diagnosis
        }
        TabletPage::Leave(waits) => {
            tablet.set_waits(sentence(waits));
            StaffPage::Leave
        }
    };
    tablet.set_page(page);
    Front::Tablet
}

fn finding_row(finding: &Finding) -> FindingRow {
    FindingRow {
        subject: text(&finding.subject),
        words: sentence(&breakable(&finding.words)),
        advice: sentence(&finding.advice),
        mood: mood(finding.tone),
    }
}

/// A path or a device's id, which a line in a hand doesn't hold, may go on in the next one.
fn breakable(words: &str) -> String {
    let cut = |word: &str| if word.len() > 24 { word.replace('/', "/\u{200b}").replace('-', "-\u{200b}") } else { word.to_owned() };
    words.split(' ').map(cut).collect::<Vec<_>>().join(" ")
}

/// Connects every callback of the pages.
pub fn connect(window: &AppWindow, send: &Send) {
    let tablet = window.global::<TabletAdapter>();
    let ask = |act: TabletAct| {
        let to = send.clone();
        move || to(Act::Tablet(act))
    };
    tablet.on_menu_asked(ask(TabletAct::Menu));
    tablet.on_exporting(ask(TabletAct::Export));
    tablet.on_leaving(ask(TabletAct::Leave));
    tablet.on_touched(ask(TabletAct::Touched));
    let to = send.clone();
    tablet.on_closed(move || to(Act::Close));
    let to = send.clone();
    tablet.on_opened(move |place| {
        to(Act::Tablet(TabletAct::Open(match place {
            StaffPlace::Settings => TabletPlace::Settings,
            StaffPlace::Reader => TabletPlace::Reader,
            StaffPlace::Diagnosis => TabletPlace::Diagnosis,
            StaffPlace::Leave => TabletPlace::Leave,
        })));
    });
    let set = |setting: fn(bool) -> Setting| {
        let to = send.clone();
        move |on| to(Act::Tablet(TabletAct::Set(setting(on))))
    };
    tablet.on_left_handed_set(set(Setting::LeftHanded));
    tablet.on_large_type_set(set(Setting::LargeType));
    tablet.on_less_motion_set(set(Setting::LessMotion));
    tablet.on_families_set(set(Setting::Families));
    tablet.on_handing_over_set(set(Setting::HandingOver));
    tablet.on_english_set(set(|on| Setting::Language(if on { Language::English } else { Language::French })));
    let to = send.clone();
    tablet.on_theme_set(move |theme| {
        to(Act::Tablet(TabletAct::Set(Setting::Theme(match theme {
            ThemeChoice::Light => Theme::Light,
            ThemeChoice::Dark => Theme::Dark,
            ThemeChoice::Evening => Theme::DarkInTheEvening,
        }))));
    });
    let to = send.clone();
    tablet.on_sound_set(move |sound| {
        to(Act::Tablet(TabletAct::Set(Setting::Sound(match sound {
            SoundChoice::Off => Sound::Off,
            SoundChoice::Faint => Sound::Faint,
            SoundChoice::Normal => Sound::Normal,
            SoundChoice::Loud => Sound::Loud,
        }))));
    });
    let set_minutes = |setting: fn(u32) -> Setting| {
        let to = send.clone();
        move |minutes| to(Act::Tablet(TabletAct::Set(setting(u32::try_from(minutes).unwrap_or(0)))))
    };
    tablet.on_rest_set(set_minutes(Setting::RestMinutes));
    tablet.on_alert_set(set_minutes(Setting::AlertMinutes));
}
