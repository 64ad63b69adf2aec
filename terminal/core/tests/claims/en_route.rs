//! A bus takes children to another site: the lieu is sealed, the other tablet awaits them, and misses who does not arrive.

use crate::elsewhere::{all_in, last_sealed};
use crate::fixture::*;
use shared::id::{CentreId, OrganisationId};
use shared::journal::{Detail, LeftTo};
use shared::roster::{EnRoute, Item, OtherCentre};
use tempfile::tempdir;
use terminal_core::door::Door;
use terminal_core::view::{Act, Dialog, Screen, TileState, Tone, Way};
use uuid::Uuid;

const COCCINELLES: CentreId = CentreId(Uuid::from_u128(0xC0C));

fn another(id: CentreId, organisation: OrganisationId, name: &str) -> Item {
    Item::OtherCentre(OtherCentre { id, organisation, name: name.into() })
}

fn left_at(time: &str) -> i64 {
    wednesday(time).wall_ms
}

fn comes_by_bus(number: u16, time: &str) -> Item {
    Item::EnRoute(EnRoute { child: child(number), centre: ALSH, from: "École Jules-Ferry".into(), left_at_ms: left_at(time) })
}

fn said(screen: &Screen) -> Option<&str> {
    screen.notice.as_ref().map(|notice| notice.text.as_str()).filter(|text| text.starts_with("En route"))
}

fn door_awaiting(dir: &std::path::Path, ways: impl IntoIterator<Item = Item>) -> Door {
    door_with(dir, wednesday("11:40"), 1, roster().into_iter().chain(ways).collect())
}

#[test]
fn a_bus_takes_brothers_to_a_lieu_of_the_same_organisation_and_the_lieu_is_sealed() {
    let dir = tempdir().unwrap();
    let elsewhere = CentreId(Uuid::from_u128(0xE15E));
    let others =
        [another(elsewhere, OrganisationId(Uuid::from_u128(0x0E)), "Autre commune"), another(COCCINELLES, ORGANISATION, "Les Coccinelles")];
    let mut door = door_awaiting(dir.path(), others);
    all_in(&mut door, wednesday("11:41"), &[LEA, TOM]);
    let screen = door.act(wednesday("11:45"), Act::Touch(child(LEA)));
    let Some(Dialog::Departure(dialog)) = &screen.dialog else { panic!("{:?}", screen.dialog) };
    let offered: Vec<&str> = dialog.other_centres.iter().map(|other| other.name.as_str()).collect();
    assert_eq!(offered, ["Les Coccinelles"], "every organisation sends to its own");
    let refused = door.act(wednesday("11:45"), Act::Way(Way::OtherCentre(elsewhere)));
    assert!(matches!(&refused.dialog, Some(Dialog::Departure(dialog)) if dialog.elsewhere.is_none()));
    let screen = door.act(wednesday("11:45"), Act::Way(Way::OtherCentre(COCCINELLES)));
    assert!(
        matches!(&screen.dialog, Some(Dialog::Departure(dialog)) if dialog.confirm == "Léa et Tom partent en car, vers Les Coccinelles")
    );
    let screen = door.act(wednesday("11:46"), Act::Confirm);
    assert_eq!((tile(&screen, LEA).state, tile(&screen, TOM).state), (TileState::Gone, TileState::Gone));
    let payload = last_sealed(&door).0;
    assert_eq!(payload.detail, Detail::Left { to: LeftTo::Transfer, person: None });
    assert_eq!(payload.bound_for, Some(COCCINELLES));
}

#[test]
fn who_comes_by_bus_is_awaited_even_where_nobody_planned_it_and_arrives_with_a_touch() {
    let dir = tempdir().unwrap();
    let unplanned = roster().into_iter().filter(|item| !matches!(item, Item::Booking(booking) if booking.child == child(LEA)));
    let items = unplanned.chain([comes_by_bus(LEA, "11:35")]).collect();
    let mut door = door_with(dir.path(), wednesday("11:40"), 1, items);
    let screen = door.tick_clock(wednesday("11:41"));
    assert_eq!((tile(&screen, LEA).state, tile(&screen, LEA).state_text.as_str()), (TileState::Expected, "en route · 11:35"));
    let screen = door.act(wednesday("11:52"), Act::Touch(child(LEA)));
    assert_eq!((tile(&screen, LEA).state, tile(&screen, LEA).state_text.as_str()), (TileState::Present, "11:52"));
    door.act(wednesday("16:30"), Act::Touch(child(LEA)));
    door.act(wednesday("16:30"), Act::Adult(person(JULIEN)));
    let screen = door.act(wednesday("16:30"), Act::Confirm);
    assert_eq!(tile(&screen, LEA).state_text, "départ 16:30", "and is not on the way again");
}

#[test]
fn who_does_not_arrive_is_missed_by_name_and_place_once() {
    let dir = tempdir().unwrap();
    let mut door = door_awaiting(dir.path(), [comes_by_bus(LEA, "11:35"), comes_by_bus(TOM, "11:50")]);
    assert_eq!(said(&door.tick_clock(wednesday("12:05"))), None, "half an hour, and no more");
    let screen = door.tick_clock(wednesday("12:06"));
    let text = "En route depuis plus de 30 minutes, pas encore là : Léa Martin (École Jules-Ferry, 11:35). Appelez le lieu de départ, puis la \
                famille.";
    assert_eq!((said(&screen), screen.notice.as_ref().unwrap().tone), (Some(text), Tone::Amber));
    assert_eq!(said(&door.act(wednesday("12:07"), Act::Close)), None);
    assert_eq!(said(&door.tick_clock(wednesday("12:10"))), None, "once is enough");
    let screen = door.tick_clock(wednesday("12:21"));
    assert!(said(&screen).is_some_and(|text| text.contains(": Tom Martin (")), "{:?}", screen.notice);
    door.act(wednesday("12:22"), Act::Arrive(child(TOM)));
    assert_eq!(said(&door.tick_clock(wednesday("12:23"))), None);
}

#[test]
fn who_was_here_before_the_bus_left_is_awaited_again_and_yesterdays_bus_is_over() {
    let dir = tempdir().unwrap();
    let mut door = door_with(dir.path(), wednesday("08:00"), 1, roster().into_iter().chain([comes_by_bus(LEA, "11:35")]).collect());
    all_in(&mut door, wednesday("08:05"), &[LEA]);
    door.act(wednesday("10:00"), Act::Touch(child(LEA)));
    door.act(wednesday("10:00"), Act::Way(Way::School));
    door.act(wednesday("10:00"), Act::Confirm);
    let screen = door.tick_clock(wednesday("12:06"));
    assert_eq!((tile(&screen, LEA).state_text.as_str(), said(&screen).is_some()), ("en route · 11:35", true));
    assert_eq!(said(&door.tick_clock(thursday("12:06"))), None);
}
