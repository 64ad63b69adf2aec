//! A site like those of the territory: a holiday centre on Wednesdays, and a
//! school with morning care, a canteen and evening care, under one roof.
#![allow(dead_code, clippy::unwrap_used, reason = "a fixture of tests, shared with the bench, which needs less of it")]

use chrono::{NaiveDate, NaiveTime};
use shared::calendar::{Instant, Weekdays};
use shared::id::{
    ActivityId, BadgeId, BookingId, BootId, CentreId, ChildId, ClassId, DeviceId, GroupId, HouseholdId, OrganisationId, PersonId, SiteId,
    StaffId, uuid_v7,
};
use shared::roster::{
    Activity, Adult, AdultStatus, Badge, BadgeHolder, Booking, BookingRule, Centre, Child, Class, Dated, Group, Item, Period, Recording,
    Site, Staff,
};
use std::path::Path;
use std::sync::Arc;
use terminal_core::clock::Now;
use terminal_core::door::Door;
use terminal_core::entropy::SeededEntropy;
use terminal_core::store::{Identity, NoFaults, RosterChange, Store, public_key_of};
use terminal_core::view::{Act, Dialog, FamilyWord, Screen, Tile};
use uuid::Uuid;

/// The same id for the same kind and number.
pub fn uuid(kind: u8, number: u16) -> Uuid {
    let [high, low] = number.to_be_bytes();
    // The first three random bytes give bits to the version and the variant.
    uuid_v7(1_700_000_000_000, [0, 0, 0, kind, high, low, 7, 7, 7, 7])
}

pub fn child(number: u16) -> ChildId {
    ChildId(uuid(1, number))
}
pub fn person(number: u16) -> PersonId {
    PersonId(uuid(2, number))
}
pub fn household(number: u16) -> HouseholdId {
    HouseholdId(uuid(3, number))
}
pub fn activity(code: &str) -> ActivityId {
    let number = ACTIVITIES.iter().position(|a| *a == code).unwrap();
    ActivityId(uuid(4, u16::try_from(number).unwrap()))
}
pub fn group(number: u16) -> GroupId {
    GroupId(uuid(5, number))
}
pub fn class(number: u16) -> ClassId {
    ClassId(uuid(6, number))
}
pub fn staff(number: u16) -> StaffId {
    StaffId(uuid(7, number))
}

const ACTIVITIES: [&str; 4] = ["MERC", "MATIN", "MIDI", "SOIR"];
pub const SITE: SiteId = SiteId(Uuid::from_u128(0x51_7e));
pub const ALSH: CentreId = CentreId(Uuid::from_u128(0xA1));
pub const PERI: CentreId = CentreId(Uuid::from_u128(0xA2));
pub const CANTEEN: CentreId = CentreId(Uuid::from_u128(0xA3));
pub const ORGANISATION: OrganisationId = OrganisationId(Uuid::from_u128(0x0D));
pub const BOOT: BootId = BootId(Uuid::from_u128(0xB007));

// The children whom the claims speak of.
pub const LEA: u16 = 1;
pub const TOM: u16 = 2;
pub const AYA: u16 = 3;
pub const NOE: u16 = 4;
pub const INES: u16 = 5;
pub const ZOE: u16 = 6;

// Their adults.
pub const JULIEN: u16 = 1;
pub const ODETTE: u16 = 2;
pub const KARIM: u16 = 3;
pub const SONIA: u16 = 4;

pub const FAMILY_CARD: &str = "04A1B2C3D4E5F6";
pub const ODETTE_CARD: &str = "04:00:00:00:00:00:02";
pub const KARIM_CARD: &str = "04000000000003";
pub const STAFF_CARD: &str = "04000000000009";

pub fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}
pub fn hour(text: &str) -> NaiveTime {
    NaiveTime::parse_from_str(text, "%H:%M").unwrap()
}

/// Clocks at a local time of October 2026 (summer time until the 25th). The machine started at midnight of the 14th.
pub fn at(text: &str) -> Now {
    let instant: Instant = text.parse().unwrap();
    let midnight: Instant = "2026-10-14T00:00:00+02:00".parse().unwrap();
    let boottime_ms = (instant - midnight).num_milliseconds();
    Now { wall_ms: instant.timestamp_millis(), boottime_ms: u64::try_from(boottime_ms).unwrap(), boot: BOOT }
}

/// A time of Wednesday 14 October 2026.
pub fn wednesday(time: &str) -> Now {
    at(&format!("2026-10-14T{time}:00+02:00"))
}
/// A time of Thursday 15 October 2026, a day with school.
pub fn thursday(time: &str) -> Now {
    at(&format!("2026-10-15T{time}:00+02:00"))
}
pub fn later(now: Now, ms: i64) -> Now {
    Now { wall_ms: now.wall_ms + ms, boottime_ms: now.boottime_ms + u64::try_from(ms).unwrap(), ..now }
}

fn a_child(number: u16, first_name: &str, last_name: &str, home: u16) -> Child {
    Child {
        id: child(number),
        code: format!("E{number:04}"),
        first_name: first_name.into(),
        last_name: last_name.into(),
        birth_date: date("2019-05-04"),
        households: vec![household(home)],
        groups: vec![Dated { what: group(1 + number % 2), from: None, to: None }],
        classes: vec![Dated { what: class(1 + number % 2), from: None, to: None }],
        enrolments: ACTIVITIES.iter().map(|a| Dated { what: activity(a), from: None, to: None }).collect(),
        care: number == AYA,
        menu: if number == TOM { "B".into() } else { "A".into() },
        alone_from: (number == NOE).then(|| hour("17:00")),
        alone_days: Weekdays::default(),
        photo: None,
        walks_since: None,
    }
}

/// A child with a photo of such a hash.
pub fn with_photo(number: u16, hash: [u8; 32]) -> Item {
    Item::Child(Child { photo: Some(hash.into()), ..a_child(number, "Léa", "Martin", 1) })
}

/// A child of a number, awaited nowhere.
pub fn only_a_child(number: u16, first_name: &str) -> Item {
    Item::Child(a_child(number, first_name, "Martin", 1))
}

pub fn an_adult(number: u16, of: u16, name: (&str, &str), link: &str, status: AdultStatus) -> Item {
    Item::Adult(Adult {
        person: person(number),
        child: child(of),
        first_name: name.0.into(),
        last_name: name.1.into(),
        link: link.into(),
        status,
        weekdays: Weekdays::default(),
        not_before: None,
        identity_check: false,
        from: None,
        to: None,
        rank: u32::from(number),
        telephone: String::new(),
        photo: None,
    })
}

pub fn booking(of: u16, code: &str, day: &str, starts: Option<&str>, expected: bool) -> Item {
    let day_number = chrono::Datelike::num_days_from_ce(&date(day)).unsigned_abs();
    let position = ACTIVITIES.iter().position(|a| *a == code).unwrap();
    let id = BookingId(Uuid::from_u128((u128::from(of) << 96) | ((position as u128) << 64) | u128::from(day_number)));
    Item::Booking(Booking {
        id,
        child: child(of),
        activity: activity(code),
        day: date(day),
        starts: starts.map(hour),
        ends: None,
        expected,
    })
}

fn a_moment(code: &str, name: &str, centre: CentreId, recording: Recording, rule: BookingRule, window: (&str, &str)) -> Item {
    let period = if code == "MERC" { Period::Mercredi } else { Period::Scolaire };
    Item::Activity(Activity {
        id: activity(code),
        code: code.into(),
        centre,
        name: name.into(),
        recording,
        booking: rule,
        weekdays: Weekdays::WORKING,
        period,
        starts: Some(hour(window.0)),
        ends: Some(hour(window.1)),
    })
}

fn a_centre(id: CentreId, code: &str, name: &str, kind: &str) -> Item {
    let (opens, closes) = (Some(hour("07:30")), Some(hour("18:30")));
    Item::Centre(Centre {
        id,
        code: code.into(),
        organisation: ORGANISATION,
        name: name.into(),
        kind: kind.into(),
        opens,
        closes,
        closures: vec![],
        staffing: None,
        places: None,
    })
}

fn a_badge(number: u16, uid: &str, holder: BadgeHolder) -> Item {
    Item::Badge(Badge { id: BadgeId(uuid(8, number)), uid: uid.into(), holder })
}

/// What the server would send of the site.
pub fn roster() -> Vec<Item> {
    let mut items = vec![
        Item::Site(Site { id: SITE, name: "École Vauban".into(), holidays: vec![] }),
        a_centre(ALSH, "COC", "Les Coccinelles", "alsh"),
        a_centre(PERI, "PER", "Périscolaire Vauban", "periscolaire"),
        a_centre(CANTEEN, "CAN", "Cantine Vauban", "cantine"),
        Item::Group(Group { id: group(1), centre: ALSH, name: "Petits".into() }),
        Item::Group(Group { id: group(2), centre: ALSH, name: "Grands".into() }),
        Item::Class(Class { id: class(1), name: "CE1 de Mme Roche".into(), level: "CE1".into() }),
        Item::Class(Class { id: class(2), name: "CE2 de M. Petit".into(), level: "CE2".into() }),
        a_moment("MERC", "Mercredi journée", ALSH, Recording::Heures, BookingRule::Obligatoire, ("07:30", "18:30")),
        a_moment("MATIN", "Accueil du matin", PERI, Recording::Arrivee, BookingRule::Aucune, ("07:30", "08:30")),
        a_moment("MIDI", "Cantine", CANTEEN, Recording::Appel, BookingRule::Facultative, ("11:45", "13:20")),
        a_moment("SOIR", "Accueil du soir", PERI, Recording::Depart, BookingRule::Obligatoire, ("16:30", "18:30")),
        Item::Staff(Staff {
            id: staff(1),
            code: "P001".into(),
            centre: ALSH,
            first_name: "Nadia".into(),
            last_name: "Roche".into(),
            director: true,
            counted: true,
        }),
        a_badge(1, FAMILY_CARD, BadgeHolder::Household(household(1))),
        a_badge(2, "04000000000002", BadgeHolder::Person(person(ODETTE))),
        a_badge(3, KARIM_CARD, BadgeHolder::Person(person(KARIM))),
        a_badge(9, STAFF_CARD, BadgeHolder::Staff(staff(1))),
    ];
    let named = [
        (LEA, "Léa", "Martin", 1),
        (TOM, "Tom", "Martin", 1),
        (AYA, "Aya", "Benali", 2),
        (NOE, "Noé", "Lefèvre", 3),
        (INES, "Inès", "Garnier", 4),
        (ZOE, "Zoé", "Marchand", 5),
    ];
    items.extend(named.map(|(number, first, last, home)| Item::Child(a_child(number, first, last, home))));
    for number in [LEA, TOM] {
        items.push(an_adult(JULIEN, number, ("Julien", "Martin"), "père", AdultStatus::Authorised));
    }
    items.push(an_adult(ODETTE, LEA, ("Odette", "Morin"), "grand-mère", AdultStatus::Authorised));
    items.push(an_adult(KARIM, AYA, ("Karim", "Benali"), "père", AdultStatus::Barred));
    items.push(an_adult(SONIA, AYA, ("Sonia", "Benali"), "mère", AdultStatus::Authorised));
    for day in ["2026-10-14", "2026-10-15"] {
        for number in [LEA, TOM, AYA, NOE] {
            let code = if day == "2026-10-14" { "MERC" } else { "SOIR" };
            items.push(booking(number, code, day, (number == AYA).then_some("08:00"), true));
            items.push(booking(number, "MIDI", day, None, true));
        }
    }
    items.push(booking(INES, "MERC", "2026-10-14", None, false));
    items
}

/// Whether an item is about a child.
pub fn is_about(item: &Item, number: u16) -> bool {
    match item {
        Item::Child(it) => it.id == child(number),
        Item::Adult(it) => it.child == child(number),
        Item::Booking(it) => it.child == child(number),
        _ => false,
    }
}

/// A crowd: `count` more children, all booked on Wednesday and at the canteen on Thursday.
pub fn crowd(count: u16) -> Vec<Item> {
    let first = ["Adam", "Chloé", "Ethan", "Hugo", "Jade", "Louis", "Maëlys", "Mila", "Nour", "Paul", "Rose", "Sacha", "Timéo"];
    let last = ["Bernard", "Caron", "Diallo", "Evrard", "Faure", "Girard", "Hamel"];
    let numbers = (100..100 + count).flat_map(|n| {
        let name = (first[usize::from(n) % first.len()], last[usize::from(n / 13) % last.len()]);
        [
            Item::Child(a_child(n, name.0, name.1, n)),
            booking(n, "MERC", "2026-10-14", None, true),
            booking(n, "MIDI", "2026-10-15", None, true),
        ]
    });
    numbers.collect()
}

pub fn puts(items: Vec<Item>) -> Vec<RosterChange> {
    items.into_iter().map(|item| RosterChange::Put(Box::new(item))).collect()
}

pub fn device(number: u16) -> DeviceId {
    DeviceId(uuid(9, number))
}

/// Makes a folder the data of an enrolled tablet with a roster.
pub fn enrol(store: &mut Store, number: u16, items: Vec<Item>) {
    let identity = Identity {
        device: device(number),
        site: SITE,
        site_name: "École Vauban".into(),
        organisations: vec![ORGANISATION],
        epoch: 1,
        server_url: "https://localhost:1".into(),
        authority: vec![],
        public_key: public_key_of(store.key()),
    };
    store.journal.enrol(&identity).unwrap();
    store.roster.apply("epoch-1", 1, &puts(items)).unwrap();
}

/// A door over a new folder, with the site's roster.
pub fn door_in(dir: &Path, now: Now) -> Door {
    door_with(dir, now, 1, roster())
}

pub fn door_with(dir: &Path, now: Now, number: u16, items: Vec<Item>) -> Door {
    let mut store = Store::open(dir, Arc::new(NoFaults)).unwrap();
    enrol(&mut store, number, items);
    Door::with_entropy(store, now, Box::new(SeededEntropy::new(u64::from(number)))).unwrap()
}

/// The server answers at this time: a tablet that it hears from locks nothing.
pub fn answered(door: &Door, now: Now) {
    door.store().second().unwrap().roster.set_heard(now).unwrap();
}

/// The tile of a child.
pub fn tile(screen: &Screen, number: u16) -> Tile {
    find(screen, number).unwrap_or_else(|| panic!("no tile of child {number}"))
}
pub fn find(screen: &Screen, number: u16) -> Option<Tile> {
    screen.tiles.iter().find(|t| t.child == child(number)).cloned()
}
pub fn said(screen: &Screen) -> &str {
    screen.notice.as_ref().map_or("", |n| n.text.as_str())
}

/// A child leaves with an adult of the list: touch, adult, confirm.
pub fn leaves_with(door: &mut Door, now: Now, number: u16, adult: u16) -> Screen {
    let screen = door.act(now, Act::Touch(child(number)));
    assert!(matches!(screen.dialog, Some(Dialog::Departure(_))), "the departure screen opens: {:?}", screen.dialog);
    door.act(now, Act::Adult(person(adult)));
    door.act(now, Act::Confirm)
}

/// A child leaves with somebody who isn't on the list, as the family said on the telephone: Nadia saw a card, and hands it over.
pub fn leaves_with_a_stranger(door: &mut Door, now: Now, number: u16, name: &str) -> Screen {
    door.act(now, Act::Touch(child(number)));
    door.act(now, Act::OtherAdult(name.into(), FamilyWord::Called));
    door.act(now, Act::IdentitySeen);
    door.act(now, Act::Staff(staff(1)))
}
