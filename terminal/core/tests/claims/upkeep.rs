//! What staff does to the tablet itself: its menu, its settings, the test of its reader, its rest, how it is.

use crate::fixture::*;
use hardware::ReaderEvent;
use hardware::said::Fault;
use std::path::Path;
use tempfile::{TempDir, tempdir};
use terminal_core::clock::{Now, Observed};
use terminal_core::door::Door;
use terminal_core::settings::{FILE, Settings, Theme};
use terminal_core::store::{LineState, LineStatus};
use terminal_core::upkeep::Upkeep;
use terminal_core::view::{Act, Dialog, Finding, Screen, Setting, TabletAct, TabletDialog, TabletPage, TabletPlace, TileState, Tone};

/// A door with what stands beside it, as the window asks them.
struct Tablet {
    dir: TempDir,
    door: Door,
    upkeep: Upkeep,
}

impl Tablet {
    fn new() -> Self {
        let dir = tempdir().unwrap();
        let door = door_in(dir.path(), wednesday("07:40"));
        let upkeep = Upkeep::of(dir.path()).with_mounts(dir.path().join("aucune-clé"));
        Self { dir, door, upkeep }
    }

    fn ask(&mut self, now: Now, act: Act) -> Screen {
        let screen = match self.upkeep.take(now, act, Some(&self.door)) {
            Some(act) => self.door.act(now, act),
            None => self.door.tick_clock(now),
        };
        self.upkeep.beside(now, screen, Some(&self.door))
    }

    fn about(&mut self, now: Now, act: TabletAct) -> Screen {
        self.ask(now, Act::Tablet(act))
    }

    fn tick(&mut self, now: Now) -> Screen {
        let screen = self.door.tick_clock(now);
        self.upkeep.beside(now, screen, Some(&self.door))
    }

    /// To a page of the menu, past the card that is asked for.
    fn at(&mut self, now: Now, place: TabletPlace) -> Screen {
        self.about(now, TabletAct::Menu);
        let screen = self.about(now, TabletAct::Open(place));
        if page(&screen) == Some(TabletPage::Card) { self.ask(now, Act::Badge(STAFF_CARD.into())) } else { screen }
    }

    fn set(&mut self, now: Now, setting: Setting) -> Screen {
        self.at(now, TabletPlace::Settings);
        self.about(now, TabletAct::Set(setting))
    }

    fn settings_on_disk(&self) -> Settings {
        Settings::load(self.dir.path()).0
    }
}

fn page(screen: &Screen) -> Option<TabletPage> {
    match &screen.dialog {
        Some(Dialog::Tablet(TabletDialog { page, .. })) => Some(page.clone()),
        _ => None,
    }
}

fn findings(screen: &Screen) -> Vec<Finding> {
    match page(screen) {
        Some(TabletPage::Diagnosis(page)) => page.findings,
        other => panic!("the page of diagnosis, not {other:?}"),
    }
}

fn about(screen: &Screen, subject: &str) -> Finding {
    let found = findings(screen);
    found.iter().find(|finding| finding.subject == subject).unwrap_or_else(|| panic!("{subject} in {found:?}")).clone()
}

fn read(screen: &Screen) -> String {
    match page(screen) {
        Some(TabletPage::Reader(page)) => page.said.map(|(_, words)| words).unwrap_or_default(),
        other => panic!("the page of the reader, not {other:?}"),
    }
}

#[test]
fn the_menu_closes_a_minute_after_the_last_touch_and_counts_its_last_seconds() {
    let mut tablet = Tablet::new();
    let now = wednesday("07:40");
    assert_eq!(page(&tablet.about(now, TabletAct::Menu)), Some(TabletPage::Menu));
    let touched = later(now, 30_000);
    tablet.about(touched, TabletAct::Touched);
    assert_eq!(page(&tablet.tick(later(touched, 49_000))), Some(TabletPage::Menu));
    let Some(Dialog::Tablet(dialog)) = tablet.tick(later(touched, 53_000)).dialog else { panic!("it is still open") };
    assert_eq!(dialog.closes_in_s, Some(7));
    assert_eq!(tablet.tick(later(touched, 60_000)).dialog, None);
    assert_eq!(page(&tablet.about(later(touched, 61_000), TabletAct::Open(TabletPlace::Settings))), None, "a late touch opens nothing");
}

#[test]
fn settings_and_the_way_out_ask_for_a_card_of_the_team_and_no_other_card_opens_them() {
    let mut tablet = Tablet::new();
    let now = wednesday("07:40");
    for place in [TabletPlace::Settings, TabletPlace::Leave] {
        tablet.about(now, TabletAct::Menu);
        assert_eq!(page(&tablet.about(now, TabletAct::Open(place))), Some(TabletPage::Card));
        assert!(!tablet.about(now, TabletAct::Leave).ends, "a touch that was meant for another page ends nothing");
        tablet.about(now, TabletAct::Set(Setting::LargeType(true)));
        assert_eq!(tablet.settings_on_disk(), Settings::default());
        let screen = tablet.ask(now, Act::Badge(KARIM_CARD.into()));
        assert_eq!(page(&screen), None, "a parent's card is a card at the door");
        tablet.ask(now, Act::Close);
        tablet.ask(now, Act::Close);
    }
    assert!(matches!(page(&tablet.at(now, TabletPlace::Settings)), Some(TabletPage::Settings(_))));
    // Once let in, one isn't asked again until the menu closes.
    tablet.ask(now, Act::Close);
    assert!(matches!(page(&tablet.about(now, TabletAct::Open(TabletPlace::Leave))), Some(TabletPage::Leave(_))));
    tablet.ask(now, Act::Close);
    tablet.ask(now, Act::Close);
    tablet.about(now, TabletAct::Menu);
    assert_eq!(page(&tablet.about(now, TabletAct::Open(TabletPlace::Leave))), Some(TabletPage::Card));
    assert!(tablet.door.last_recorded().is_empty(), "nobody was recorded");
}

#[test]
fn nobody_is_kept_out_of_a_tablet_whose_reader_is_broken() {
    let mut tablet = Tablet::new();
    let now = wednesday("07:40");
    tablet.ask(now, Act::Reader(ReaderEvent::Fault(Fault::Unplugged, String::new())));
    tablet.about(now, TabletAct::Menu);
    assert!(matches!(page(&tablet.about(now, TabletAct::Open(TabletPlace::Leave))), Some(TabletPage::Leave(_))));
    tablet.ask(now, Act::Reader(ReaderEvent::Heard("ACS".into())));
    tablet.ask(now, Act::Close);
    assert_eq!(page(&tablet.about(now, TabletAct::Open(TabletPlace::Settings))), Some(TabletPage::Card));
}

#[test]
fn leaving_ends_the_program_from_its_own_page_and_says_what_waits() {
    let mut tablet = Tablet::new();
    let now = wednesday("07:40");
    tablet.ask(now, Act::Touch(child(LEA)));
    tablet.ask(now, Act::Touch(child(TOM)));
    let Some(TabletPage::Leave(waits)) = page(&tablet.at(now, TabletPlace::Leave)) else { panic!("the way out") };
    assert!(waits.starts_with("2 pointages attendent"), "{waits}");
    assert!(tablet.about(now, TabletAct::Leave).ends);
}

#[test]
fn a_setting_holds_at_once_and_survives_a_kill_at_any_moment() {
    let mut tablet = Tablet::new();
    let now = wednesday("07:40");
    assert_eq!(tablet.tick(now).look, Default::default());
    let set = [
        Setting::LeftHanded(true),
        Setting::LargeType(true),
        Setting::LessMotion(true),
        Setting::Theme(Theme::Dark),
        Setting::RestMinutes(5),
    ];
    for setting in set {
        tablet.set(now, setting);
    }
    let look = tablet.tick(now).look;
    assert!(look.left_handed && look.large && look.still && look.dark);
    // No farewell: what is on the disk is all that another start finds.
    std::mem::forget(tablet.upkeep);
    let mut again = Upkeep::of(tablet.dir.path());
    let screen = tablet.door.tick_clock(now);
    assert_eq!(again.beside(now, screen, Some(&tablet.door)).look, look);
    assert_eq!(Settings::load(tablet.dir.path()).0.rest_minutes, 5);
}

#[test]
fn settings_that_can_not_be_written_hold_for_now_and_say_so() {
    let mut tablet = Tablet::new();
    let now = wednesday("07:40");
    std::fs::create_dir(tablet.dir.path().join("reglages.new")).unwrap();
    let screen = tablet.set(now, Setting::LargeType(true));
    assert!(screen.look.large);
    let Some(TabletPage::Settings(shown)) = page(&screen) else { panic!("the settings") };
    let trouble = shown.trouble.unwrap();
    assert!(trouble.contains("jusqu'au prochain démarrage"), "{trouble}");
    std::fs::remove_dir(tablet.dir.path().join("reglages.new")).unwrap();
    let Some(TabletPage::Settings(shown)) = page(&tablet.about(now, TabletAct::Set(Setting::LargeType(true)))) else { panic!() };
    assert_eq!(shown.trouble, None);
}

#[test]
fn a_bad_file_of_settings_is_said_over_the_board_until_it_is_read_and_in_the_diagnosis_after() {
    let mut tablet = Tablet::new();
    let now = wednesday("07:40");
    std::fs::write(tablet.dir.path().join(FILE), "theme = \"rose\"").unwrap();
    tablet.upkeep = Upkeep::of(tablet.dir.path());
    let screen = tablet.tick(now);
    assert!(said(&screen).contains("reglages.toml, ligne 1"), "{}", said(&screen));
    assert_eq!(tablet.ask(now, Act::Close).notice, None);
    let finding = about(&tablet.at(now, TabletPlace::Diagnosis), "Réglages");
    assert!(finding.tone == Tone::Amber && !finding.advice.is_empty());
}

#[test]
fn the_evening_is_dark_by_the_clock_that_was_put_right() {
    let mut tablet = Tablet::new();
    let now = wednesday("17:50");
    tablet.set(now, Setting::Theme(Theme::DarkInTheEvening));
    assert!(!tablet.tick(now).look.dark);
    assert!(tablet.tick(wednesday("18:00")).look.dark);
    // The machine's clock says noon; the server's, evening.
    let noon = wednesday("12:00");
    let evening = Observed { boot: noon.boot, boottime_ms: noon.boottime_ms, server_ms: wednesday("19:00").wall_ms };
    tablet.door.store().second().unwrap().roster.set_observed(evening).unwrap();
    assert!(tablet.tick(noon).look.dark);
}

#[test]
fn a_card_on_the_readers_page_is_read_and_checks_nobody_in() {
    let mut tablet = Tablet::new();
    let now = wednesday("07:40");
    tablet.at(now, TabletPlace::Reader);
    for act in [Act::Badge(FAMILY_CARD.into()), Act::Reader(ReaderEvent::Badge(FAMILY_CARD.into()))] {
        let screen = tablet.ask(now, act);
        assert!(read(&screen).contains("finissant par E5F6, 7 octets. La tablette la connaît"), "{}", read(&screen));
        assert!(tile(&screen, LEA).state != TileState::Present && tablet.door.last_recorded().is_empty());
    }
    for (held, words) in
        [("DEADBEEF", "ne la connaît pas"), ("08A1B2C3", "change à chaque passage"), ("bonjour tout le monde", "21 caractères")]
    {
        let screen = tablet.ask(now, Act::Badge(held.into()));
        assert!(read(&screen).contains(words) && !read(&screen).contains(held), "{}", read(&screen));
    }
    let screen = tablet.ask(now, Act::Reader(ReaderEvent::Several));
    assert!(read(&screen).contains("présentez-en une seule") && screen.notice.is_none());
    assert_eq!(tile(&tablet.tick(now), LEA).state, tile(&Tablet::new().tick(now), LEA).state);
    tablet.ask(now, Act::Close);
    let screen = tablet.ask(now, Act::Badge(FAMILY_CARD.into()));
    assert_eq!(tile(&screen, LEA).state, TileState::Present, "on the menu it counts again");
}

#[test]
fn a_card_held_on_any_other_page_counts_and_brings_the_board_back() {
    for place in [TabletPlace::Settings, TabletPlace::Diagnosis, TabletPlace::Leave] {
        let mut tablet = Tablet::new();
        let now = wednesday("07:40");
        tablet.at(now, place);
        let screen = tablet.ask(now, Act::Badge(FAMILY_CARD.into()));
        assert!(page(&screen).is_none() && tile(&screen, LEA).state == TileState::Present, "{place:?}");
    }
}

#[test]
fn the_form_of_a_reader_that_types_is_learnt_from_a_known_card_and_kept() {
    // The family's card: 04A1B2C3D4E5F6, the last byte first, and both as numbers.
    let forms = [
        ("F6E5D4C3B2A104", "hexadécimal, octets à l'envers"),
        ("01303689068602870", "décimal"),
        ("69495546249912580", "décimal, octets à l'envers"),
    ];
    for (typed, form) in forms {
        let mut tablet = Tablet::new();
        let now = wednesday("07:40");
        let screen = tablet.ask(now, Act::Badge(typed.into()));
        assert!(tile(&screen, LEA).state != TileState::Present, "before, {typed} is nobody's");
        tablet.ask(now, Act::Close);
        let screen = tablet.at(now, TabletPlace::Reader);
        assert!(read(&screen).is_empty());
        let screen = tablet.ask(now, Act::Badge(typed.into()));
        assert!(read(&screen).contains(&format!("Le lecteur tape en {form} : c'est appris")), "{}", read(&screen));
        tablet.upkeep = Upkeep::of(tablet.dir.path());
        let screen = tablet.ask(now, Act::Badge(typed.into()));
        assert_eq!(tile(&screen, LEA).state, TileState::Present, "{form}: another start has it still");
    }
}

#[test]
fn a_reader_with_a_program_of_its_own_teaches_no_form_and_is_read_in_none() {
    let mut tablet = Tablet::new();
    let now = wednesday("07:40");
    tablet.at(now, TabletPlace::Reader);
    tablet.ask(now, Act::Badge("F6E5D4C3B2A104".into()));
    tablet.ask(now, Act::Reader(ReaderEvent::Badge("F6E5D4C3B2A104".into())));
    assert_eq!(tablet.settings_on_disk().uid_form.in_words(), "hexadécimal, octets à l'envers");
    tablet.ask(now, Act::Close);
    let screen = tablet.ask(now, Act::Reader(ReaderEvent::Badge(FAMILY_CARD.into())));
    assert_eq!(tile(&screen, LEA).state, TileState::Present);
}

#[test]
fn a_screen_that_rests_holds_no_name_and_a_touch_or_a_card_brings_the_board_back() {
    let mut tablet = Tablet::new();
    let now = wednesday("07:40");
    tablet.ask(now, Act::Touch(child(LEA)));
    tablet.set(now, Setting::RestMinutes(5));
    assert!(!tablet.tick(later(now, 4 * 60_000)).rests);
    let resting = later(now, 5 * 60_000);
    let screen = tablet.tick(resting);
    assert!(screen.rests && screen.tiles.is_empty() && screen.dialog.is_none());
    assert_eq!((screen.counters.present, screen.groups[0].present), (1, 1));
    let shown = format!("{screen:?}");
    for name in names(&roster()) {
        assert!(!shown.contains(&name), "{name} in {shown}");
    }
    // A reader that comes back is nobody.
    assert!(tablet.ask(resting, Act::Reader(ReaderEvent::Heard("ACS".into()))).rests);
    assert!(!tablet.about(resting, TabletAct::Touched).rests);
    let again = later(resting, 5 * 60_000);
    assert!(tablet.tick(again).rests);
    let screen = tablet.ask(again, Act::Badge(FAMILY_CARD.into()));
    assert!(!screen.rests && tile(&screen, TOM).state == TileState::Present);
}

#[test]
fn what_is_to_be_seen_is_not_covered_by_rest() {
    let mut tablet = Tablet::new();
    let now = wednesday("16:30");
    tablet.set(now, Setting::RestMinutes(2));
    tablet.ask(now, Act::Badge(KARIM_CARD.into()));
    let long_after = later(now, 30 * 60_000);
    let screen = tablet.tick(long_after);
    assert!(!screen.rests && matches!(screen.dialog, Some(Dialog::Barred(_))), "the alert stays");
    tablet.ask(long_after, Act::Confirm);
    let screen = tablet.tick(later(long_after, 30 * 60_000));
    assert!(!screen.rests && screen.notice.is_some(), "pinned, too");
}

#[test]
fn the_default_tablet_never_rests() {
    let mut tablet = Tablet::new();
    tablet.tick(wednesday("07:40"));
    assert!(!tablet.tick(wednesday("17:40")).rests);
}

#[test]
fn what_is_not_well_comes_first_and_says_what_to_do() {
    let mut tablet = Tablet::new();
    let now = wednesday("08:27");
    tablet.ask(wednesday("08:10"), Act::Touch(child(LEA)));
    let since_ms = wednesday("08:10").wall_ms;
    let line = LineStatus { state: LineState::NoNetwork, since_ms, last_contact_ms: None, detail: "connection refused".into() };
    tablet.door.store().second().unwrap().roster.set_line(&line).unwrap();
    tablet.ask(now, Act::Reader(ReaderEvent::Fault(Fault::Mute, String::new())));
    let screen = tablet.at(now, TabletPlace::Diagnosis);
    assert!(about(&screen, "Ligne").words.contains("Sans réseau depuis 8 h 10"));
    assert!(about(&screen, "En attente").words.contains("le plus ancien depuis 17 min"), "{:?}", about(&screen, "En attente"));
    assert!(about(&screen, "Horloge").words.starts_with("Douteuse"));
    assert!(about(&screen, "Lecteur de badges").words.contains("muet"));
    let found = findings(&screen);
    let wrong = found.iter().take_while(|finding| finding.tone != Tone::Calm).count();
    assert!(found[wrong..].iter().all(|finding| finding.tone == Tone::Calm), "what is well comes last");
    for finding in &found[..wrong] {
        assert!(!finding.advice.is_empty(), "{finding:?} says what to do");
    }
    assert!(wrong >= 4, "{found:?}");
    let mut subjects: Vec<&str> = found.iter().map(|finding| finding.subject.as_str()).collect();
    subjects.sort_unstable();
    subjects.dedup();
    assert_eq!(subjects.len(), found.len(), "each subject once");

    std::fs::remove_file(tablet.dir.path().join("reserve")).unwrap();
    let screen = tablet.tick(later(now, 2_000));
    let disk = about(&screen, "Disque");
    assert!(disk.tone == Tone::Red && disk.words.starts_with("Presque plein"), "{disk:?}");
    assert_eq!(findings(&screen)[0], disk);
}

#[test]
fn a_clock_that_is_ahead_is_said_with_by_how_much() {
    let mut tablet = Tablet::new();
    let now = wednesday("08:27");
    let seen = Observed { boot: now.boot, boottime_ms: now.boottime_ms, server_ms: now.wall_ms - 5 * 60_000 };
    tablet.door.store().second().unwrap().roster.set_observed(seen).unwrap();
    let clock = about(&tablet.at(now, TabletPlace::Diagnosis), "Horloge");
    assert!(clock.words.contains("avance de 5 min") && clock.tone == Tone::Amber, "{clock:?}");
}

#[test]
fn a_tablet_whose_door_is_closed_still_has_its_menu_its_diagnosis_and_a_way_out() {
    let dir = tempdir().unwrap();
    let mut upkeep = Upkeep::of(dir.path());
    let now = wednesday("07:40");
    let mut ask = |act: TabletAct| {
        assert_eq!(upkeep.take(now, Act::Tablet(act), None), None);
        upkeep.beside(now, Screen::default(), None)
    };
    ask(TabletAct::Menu);
    let screen = ask(TabletAct::Open(TabletPlace::Diagnosis));
    let enrol = about(&screen, "Tablette");
    assert!(enrol.tone == Tone::Red && enrol.advice.contains("preau-terminal enrol"));
    ask(TabletAct::Open(TabletPlace::Leave));
    assert!(ask(TabletAct::Leave).ends);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "nothing was written");
}

#[test]
fn why_the_door_is_closed_is_in_the_diagnosis() {
    let tablet = Tablet::new();
    let now = wednesday("07:40");
    let why = terminal_core::store::StoreError::KeySealed { why: "integrity check failed".into() };
    let notice = Some(terminal_core::view::Notice { text: why.to_string(), tone: Tone::Red });
    let mut upkeep = Upkeep::of(tablet.dir.path());
    let mut ask = |act: TabletAct| {
        upkeep.take(now, Act::Tablet(act), None);
        upkeep.beside(now, Screen { notice: notice.clone(), ..Screen::default() }, None)
    };
    ask(TabletAct::Menu);
    let finding = about(&ask(TabletAct::Open(TabletPlace::Diagnosis)), "Données");
    assert!(finding.tone == Tone::Red && finding.words.contains("integrity check failed"), "{finding:?}");
}

/// What the export must not hold: every name, code and card of a list.
fn names(items: &[shared::roster::Item]) -> Vec<String> {
    use shared::roster::Item;
    let of = |item: &Item| match item {
        Item::Child(child) => vec![child.code.clone(), child.first_name.clone(), child.last_name.clone(), child.id.to_string()],
        Item::Adult(adult) => vec![adult.first_name.clone(), adult.last_name.clone(), adult.person.to_string()],
        Item::Staff(staff) => vec![staff.first_name.clone(), staff.last_name.clone(), staff.id.to_string()],
        Item::Badge(badge) => vec![badge.uid.clone(), badge.id.to_string()],
        _ => Vec::new(),
    };
    items.iter().flat_map(of).collect()
}

/// The one file of diagnosis in a folder.
fn exported(folder: &Path) -> String {
    let files = std::fs::read_dir(folder).unwrap().flatten().map(|file| file.path());
    let files: Vec<_> = files.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("preau-diagnostic-")).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    std::fs::read_to_string(&files[0]).unwrap()
}

#[test]
fn the_export_holds_what_the_page_says_and_no_name_code_or_card_of_anybody() {
    let mut tablet = Tablet::new();
    let now = wednesday("08:27");
    tablet.ask(now, Act::Badge(FAMILY_CARD.into()));
    tablet.ask(now, Act::Badge("DEADBEEF".into()));
    tablet.ask(now, Act::Search("lea".into()));
    let shown = findings(&tablet.at(now, TabletPlace::Diagnosis));
    let Some(TabletPage::Diagnosis(page)) = page(&tablet.about(now, TabletAct::Export)) else { panic!("the page") };
    let (tone, words) = page.exported.unwrap();
    assert!(tone == Tone::Calm && words.contains(&tablet.dir.path().display().to_string()), "{words}");
    let text = exported(tablet.dir.path());
    for finding in &shown {
        assert!(text.contains(&finding.subject) && text.contains(&finding.advice), "{finding:?}");
    }
    let json: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!(json["status"]["queue"], 2);
    for name in names(&roster()) {
        assert!(!text.contains(&name), "« {name} » in {text}");
    }
    assert!(!text.contains("DEADBEEF") && !text.contains("lea"), "{text}");
}

#[test]
fn the_export_goes_to_a_stick_where_one_is_there() {
    let mut tablet = Tablet::new();
    let stick = tempdir().unwrap();
    // The place of sticks can't be written to by a test: one below it is led here.
    let mounts = tablet.dir.path().join("montages");
    std::fs::write(&mounts, format!("/dev/sdb1 /media/..{} vfat rw 0 0\n", stick.path().display())).unwrap();
    tablet.upkeep = Upkeep::of(tablet.dir.path()).with_mounts(mounts);
    let now = wednesday("08:27");
    tablet.at(now, TabletPlace::Diagnosis);
    tablet.about(now, TabletAct::Export);
    assert!(exported(stick.path()).contains("Préau, diagnostic de la tablette, 14 octobre 2026, 8:27"));
}
