//! Photos on the board and in front of it; initials where there is none.

use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use shared::roster::{Adult, Child, Item};
use terminal_core::store::Store;

use crate::door::Door;
use crate::fixtures;
use crate::site;
use crate::through::Tablet;

/// A picture of one colour, and its hash.
fn picture(colour: [u8; 3]) -> ([u8; 32], Vec<u8>) {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(120, 160, image::Rgb(colour)).write_to(&mut bytes, image::ImageFormat::Jpeg).unwrap();
    let bytes = bytes.into_inner();
    (Sha256::digest(&bytes).into(), bytes)
}

const GREEN: [u8; 3] = [20, 220, 60];
const PINK: [u8; 3] = [240, 60, 200];

/// Léa, and her grandmother, have photos; Tom hasn't.
fn with_photos() -> Vec<Item> {
    let mut items = site::roster();
    for item in &mut items {
        match item {
            Item::Child(child @ Child { .. }) if child.id == site::child(site::LEA) => child.photo = Some(picture(GREEN).0.into()),
            Item::Adult(adult @ Adult { .. }) if adult.person == site::person(site::ODETTE) => adult.photo = Some(picture(PINK).0.into()),
            _ => {}
        }
    }
    items
}

fn keep(store: &Store, colour: [u8; 3]) {
    let (hash, jpeg) = picture(colour);
    store.photos().unwrap().keep(&hash, &jpeg).unwrap();
}

/// Draws until something holds; a thread opens photos meanwhile.
fn until(door: &Door, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it doesn't come");
        std::thread::sleep(Duration::from_millis(10));
        door.snapshot();
        door.faces.settle();
    }
}

/// Whether the pixel at a place, from the corner of what says a label, is of a colour.
fn shows(door: &Door, label: &str, (right, down): (f32, f32), colour: [u8; 3]) -> bool {
    let at = door.find(label).absolute_position();
    let picture = door.snapshot();
    let (x, y) = ((at.x + right) as usize, (at.y + down) as usize);
    let pixel = picture.as_slice()[y * picture.width() as usize + x];
    [pixel.r, pixel.g, pixel.b].iter().zip(colour).all(|(drawn, wanted)| drawn.abs_diff(wanted) < 24)
}

/// The middle of a tile's face, and that of a card's of four adults.
const OF_TILE: (f32, f32) = (48.0, 48.0);

#[test]
fn a_tile_shows_the_photo_and_initials_where_there_is_none() {
    let tablet = Tablet::with(site::wednesday("08:27"), with_photos());
    keep(tablet.door.store(), GREEN);
    until(&tablet.window, || shows(&tablet.window, "Léa M.", OF_TILE, GREEN));
    tablet.window.picture("vrai-photo");
    assert!(!shows(&tablet.window, "Tom M.", OF_TILE, GREEN));
    let corner = (17.0, 17.0);
    assert!(!shows(&tablet.window, "Léa M.", corner, GREEN), "a face is round");
}

#[test]
fn a_departure_shows_the_child_and_the_adults_whom_it_may_leave_with() {
    let mut tablet = Tablet::with(site::wednesday("08:27"), with_photos());
    tablet.touch("Léa M.");
    tablet.now = site::wednesday("16:30");
    tablet.touch("Léa M.");
    keep(tablet.door.store(), GREEN);
    keep(tablet.door.store(), PINK);
    let middle = (tablet.window.find("Odette Morin").size().width / 2.0, 72.0);
    until(&tablet.window, || shows(&tablet.window, "Odette Morin", middle, PINK));
    // Head first: from the name's corner back over the space between the two.
    until(&tablet.window, || shows(&tablet.window, "Départ de Léa Martin", (-64.0, 30.0), GREEN));
    tablet.window.picture("vrai-depart-photos");
    assert!(!shows(&tablet.window, "Julien Martin", middle, PINK));
}

#[test]
fn a_photo_that_comes_with_a_later_exchange_is_found_without_a_touch() {
    let tablet = Tablet::with(site::wednesday("08:27"), with_photos());
    tablet.window.snapshot();
    assert!(!shows(&tablet.window, "Léa M.", OF_TILE, GREEN));
    keep(tablet.door.store(), GREEN);
    until(&tablet.window, || shows(&tablet.window, "Léa M.", OF_TILE, GREEN));
}

#[test]
fn a_photo_that_does_not_open_or_is_no_picture_leaves_the_initials() {
    let tablet = Tablet::with(site::wednesday("08:27"), with_photos());
    keep(tablet.door.store(), GREEN);
    for file in std::fs::read_dir(tablet.data.path().join("photos")).unwrap() {
        let path = file.unwrap().path();
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[40] ^= 1;
        std::fs::write(&path, bytes).unwrap();
    }
    // One that doesn't open is dropped, and asked for again by the exchange.
    until(&tablet.window, || std::fs::read_dir(tablet.data.path().join("photos")).unwrap().count() == 0);
    assert_eq!(tablet.window.faces.count(), 0);
    assert!(!shows(&tablet.window, "Léa M.", OF_TILE, GREEN));
}

#[test]
fn a_tablet_that_locks_lets_go_of_every_picture() {
    let door = Door::open_with(&fixtures::with_photos(fixtures::creche()), fixtures::face);
    until(&door, || door.faces.count() > 20);
    terminal_app::paint::show_screen(&door.window, &fixtures::locked());
    assert_eq!(door.faces.count(), 0);
}
