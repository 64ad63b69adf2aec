//! The team and the visitors at the door.

use crate::fixture::*;
use shared::id::StaffId;
use shared::journal::{Detail, Evidence, Kind};
use shared::roster::{BadgeHolder, Item, Staff};
use tempfile::tempdir;
use terminal_core::clock::Now;
use terminal_core::door::Door;
use terminal_core::store::Peek;
use terminal_core::view::{Act, Dialog, Screen, TeamDialog, Tone};

const SAMIR: u16 = 2;
const LOUISE: u16 = 3;

fn member(number: u16, centre: shared::id::CentreId, name: (&str, &str)) -> Item {
    let (first_name, last_name) = (name.0.into(), name.1.into());
    Item::Staff(Staff { id: staff(number), code: format!("P{number:03}"), centre, first_name, last_name, director: false, counted: true })
}

/// The site, where Samir works at the same lieu as Nadia and Louise at the canteen.
fn items() -> Vec<Item> {
    let more = [member(SAMIR, ALSH, ("Samir", "Petit")), member(LOUISE, CANTEEN, ("Louise", "Caron"))];
    roster().into_iter().chain(more).collect()
}

fn door(dir: &std::path::Path) -> Door {
    door_with(dir, wednesday("07:00"), 1, items())
}

fn team(screen: &Screen) -> &TeamDialog {
    match &screen.dialog {
        Some(Dialog::Team(team)) => team,
        other => panic!("the screen of the team is open: {other:?}"),
    }
}

fn states(screen: &Screen) -> Vec<(String, bool, String)> {
    team(screen).members.iter().map(|m| (m.name.clone(), m.here, m.state.clone())).collect()
}

fn here(door: &Door) -> Vec<StaffId> {
    door.staff_here().into_iter().map(|here| here.staff).collect()
}

/// Kinds sealed so far, read from the disk by another connection.
fn sealed(dir: &std::path::Path) -> Vec<Kind> {
    let facts = Peek::open(dir).unwrap().journal.facts_around(date("2026-10-14")).unwrap();
    facts.into_iter().map(|fact| fact.envelope.kind).collect()
}

fn shows_card(door: &mut Door, now: Now) -> Screen {
    door.act(now, Act::Badge(STAFF_CARD.into()))
}

#[test]
fn the_first_card_of_the_day_says_that_its_holder_came_and_the_next_ones_only_name() {
    let dir = tempdir().unwrap();
    let mut door = door(dir.path());
    let screen = shows_card(&mut door, wednesday("07:12"));
    assert_eq!(screen.undo.unwrap().text, "Nadia Roche, arrivée 7:12");
    assert!(screen.notice.unwrap().text.contains("vos gestes portent votre nom"), "and it names, as before");
    shows_card(&mut door, wednesday("07:13"));
    shows_card(&mut door, wednesday("16:00"));
    assert_eq!(sealed(dir.path()), [Kind::StaffArrived], "a card lies about: it never says that somebody goes");
    let all = door.store().journal.facts_around(date("2026-10-14")).unwrap();
    let payload = all[0].payload.as_ref().unwrap();
    assert_eq!((payload.actor.id, payload.evidence, payload.centre), (staff(1).0, Evidence::Badge, Some(ALSH)));
    assert_eq!((payload.about_child, &payload.detail), (None, &Detail::Staff { staff: staff(1) }));
}

#[test]
fn a_card_on_the_screen_of_the_team_says_that_its_holder_goes_and_comes_back() {
    let dir = tempdir().unwrap();
    let mut door = door(dir.path());
    shows_card(&mut door, wednesday("07:12"));
    door.act(wednesday("12:30"), Act::Team);
    let screen = shows_card(&mut door, wednesday("12:30"));
    assert_eq!(screen.undo.as_ref().unwrap().text, "Nadia Roche, départ 12:30");
    assert_eq!(states(&screen)[0], ("Nadia Roche".into(), false, "départ 12:30".into()));
    shows_card(&mut door, wednesday("13:30"));
    assert_eq!(here(&door), [staff(1)]);
    assert_eq!(sealed(dir.path()), [Kind::StaffArrived, Kind::StaffLeft, Kind::StaffArrived]);
}

#[test]
fn a_touched_name_comes_and_goes_and_a_wet_finger_is_one_touch() {
    let dir = tempdir().unwrap();
    let mut door = door(dir.path());
    let at = wednesday("07:12");
    let screen = door.act(at, Act::Team);
    let not_yet = |name: &str| (name.to_owned(), false, "pas encore là".to_owned());
    assert_eq!(states(&screen), [not_yet("Nadia Roche"), not_yet("Samir Petit"), not_yet("Louise Caron")], "those of the lieu first");
    let screen = door.act(at, Act::TeamTouch(staff(SAMIR)));
    assert_eq!(states(&screen)[1], ("Samir Petit".into(), true, "depuis 7:12".into()));
    door.act(later(at, 900), Act::TeamTouch(staff(SAMIR)));
    assert_eq!(here(&door), [staff(SAMIR)], "the same finger");
    let screen = door.act(later(at, 60_000), Act::TeamTouch(staff(SAMIR)));
    assert_eq!(states(&screen)[1], ("Samir Petit".into(), false, "départ 7:13".into()));
    let facts = door.store().journal.facts_around(date("2026-10-14")).unwrap();
    assert!(facts[0].payload.as_ref().unwrap().actor.id.is_nil(), "nobody was named: a touch at a watched door");
}

#[test]
fn what_was_said_of_the_team_can_be_taken_back() {
    let dir = tempdir().unwrap();
    let mut door = door(dir.path());
    shows_card(&mut door, wednesday("07:12"));
    door.act(wednesday("07:12"), Act::Undo);
    assert_eq!(here(&door), []);
    assert_eq!(sealed(dir.path()), [Kind::StaffArrived, Kind::Retracted], "nothing is deleted");
    shows_card(&mut door, wednesday("07:14"));
    assert_eq!(here(&door), [staff(1)], "and said again");
}

#[test]
fn nobody_is_carried_over_into_the_next_day() {
    let dir = tempdir().unwrap();
    let mut door = door(dir.path());
    shows_card(&mut door, wednesday("07:12"));
    let screen = door.act(thursday("07:30"), Act::Team);
    assert!(states(&screen).iter().all(|(_, here, state)| !here && state == "pas encore là"));
    shows_card(&mut door, thursday("07:31"));
    assert_eq!(here(&door), [staff(1)]);
}

#[test]
fn a_visitor_is_here_by_name_until_touched_and_the_name_is_in_no_payload() {
    let dir = tempdir().unwrap();
    let mut door = door(dir.path());
    door.act(wednesday("09:04"), Act::Team);
    let screen = door.act(wednesday("09:04"), Act::Visitor("  Luc   Mercier ".into()));
    let visitor = team(&screen).visitors[0].clone();
    assert_eq!((visitor.name.as_str(), visitor.state.as_str()), ("Luc Mercier", "depuis 9:04"));
    assert_eq!(screen.undo.unwrap().text, "Luc Mercier, arrivée 9:04");
    let all = door.store().journal.all().unwrap();
    let private = all[0].0.private.as_ref().unwrap();
    assert_eq!(private.notes[0].text, "Luc Mercier");
    assert!(!private.payload.windows(7).any(|w| w == b"Mercier"));
    let screen = door.act(wednesday("10:00"), Act::VisitorLeft(visitor.visit));
    assert!(team(&screen).visitors.is_empty() && door.visitors_here().is_empty());
    assert_eq!(screen.undo.unwrap().text, "Luc Mercier, départ 10:00");
    assert_eq!(sealed(dir.path()), [Kind::VisitorArrived, Kind::VisitorLeft]);
    door.act(wednesday("10:00"), Act::Undo);
    assert_eq!(door.visitors_here().len(), 1, "a departure taken back");
}

#[test]
fn a_visitor_without_a_name_is_none() {
    let dir = tempdir().unwrap();
    let mut door = door(dir.path());
    door.act(wednesday("09:04"), Act::Team);
    let screen = door.act(wednesday("09:04"), Act::Visitor("   ".into()));
    assert_eq!(said(&screen), "Écrivez le nom du visiteur.");
    assert_eq!(sealed(dir.path()), []);
}

#[test]
fn a_barred_adult_is_no_visitor() {
    let dir = tempdir().unwrap();
    let mut door = door(dir.path());
    door.act(wednesday("09:04"), Act::Team);
    let screen = door.act(wednesday("09:04"), Act::Visitor("M. Benali Karim".into()));
    assert!(matches!(screen.dialog, Some(Dialog::Barred(_))), "{:?}", screen.dialog);
    assert_eq!(sealed(dir.path()), []);
}

#[test]
fn a_card_takes_an_alert_away_and_signs_though_it_is_the_first_of_the_day() {
    let dir = tempdir().unwrap();
    let mut door = door(dir.path());
    door.act(wednesday("16:00"), Act::Team);
    door.act(wednesday("16:00"), Act::Visitor("Karim Benali".into()));
    let screen = door.act(wednesday("16:00"), Act::Close);
    assert!(screen.notice_stays, "pinned");
    let screen = shows_card(&mut door, wednesday("16:01"));
    assert!(said(&screen).contains("l'alerte est retirée"), "{}", said(&screen));
    assert_eq!(here(&door), [staff(1)]);
}

#[test]
fn the_chip_tells_who_is_here_where_no_rule_holds_and_nothing_where_there_is_no_team() {
    let dir = tempdir().unwrap();
    let mut door = door(dir.path());
    let bar = shows_card(&mut door, wednesday("07:12")).team;
    assert_eq!((bar.known, bar.ruled, bar.short.as_str(), bar.tone), (true, false, "1", Tone::Calm));
    let dir = tempdir().unwrap();
    let nobody = roster().into_iter().filter(|item| match item {
        Item::Badge(badge) => !matches!(badge.holder, BadgeHolder::Staff(_)),
        other => !matches!(other, Item::Staff(_)),
    });
    let mut door = door_with(dir.path(), wednesday("07:00"), 1, nobody.collect());
    assert!(!door.act(wednesday("07:12"), Act::Close).team.known);
}

#[test]
fn an_arrival_that_a_full_disk_refuses_is_said_in_red_and_names_nobody_as_here() {
    let dir = tempdir().unwrap();
    let mut door = door(dir.path());
    door.store().journal.limit_pages(1).unwrap();
    let mut screen = shows_card(&mut door, wednesday("07:12"));
    // What is given up at the first refusal may hold a few more.
    for minute in 13..59 {
        if screen.notice.as_ref().is_some_and(|n| n.tone == Tone::Red) {
            break;
        }
        door.act(wednesday(&format!("07:{minute}")), Act::Team);
        screen = door.act(wednesday(&format!("07:{minute}")), Act::Visitor(format!("Visiteur {minute} {}", "x".repeat(100))));
    }
    assert_eq!(screen.notice.unwrap().tone, Tone::Red);
    let told = sealed(dir.path()).len();
    assert_eq!(here(&door).len() + door.visitors_here().len(), told, "what is shown as here is on disk");
}
