//! What the demonstration, the benchmarks and the import may rely on.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise, in its helpers too")]

use chrono::{Datelike, NaiveDate, NaiveTime, Weekday};
use seed::folder::{Folder, TABLES, columns};
use seed::{Agglomeration, Options, generate};
use shared::calendar::{DayKind, SchoolCalendar, Weekdays, Zone, public_holiday};
use std::collections::{BTreeMap, BTreeSet};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn written_on(today: &str) -> Agglomeration {
    generate(&Options { today: day(today), seed: seed::SEED, households: seed::HOUSEHOLDS }).unwrap()
}

fn small(today: NaiveDate) -> Agglomeration {
    generate(&Options { today, seed: seed::SEED, households: 90 }).unwrap()
}

/// A row that can be asked by column names.
struct Row<'a>(BTreeMap<&'static str, &'a str>);

impl<'a> Row<'a> {
    fn get(&self, column: &str) -> &'a str {
        self.0.get(column).unwrap_or_else(|| panic!("no column {column}"))
    }
    fn day(&self, column: &str) -> NaiveDate {
        day(self.get(column))
    }
    fn time(&self, column: &str) -> Option<NaiveTime> {
        let text = self.get(column);
        (!text.is_empty()).then(|| NaiveTime::parse_from_str(text, "%H:%M").unwrap())
    }
}

fn rows<'a>(folder: &'a Folder, file: &'static str) -> impl Iterator<Item = Row<'a>> {
    let names = columns(file);
    folder.rows(file).iter().map(move |row| Row(names.iter().copied().zip(row.iter().map(String::as_str)).collect()))
}

fn codes(folder: &Folder, file: &str, column: &str) -> BTreeSet<String> {
    folder.column(file, column).map(str::to_owned).collect()
}

/// Days that end and begin months and years, that are holidays, and every tenth of a long stretch: all of the known calendar.
fn forty_days() -> Vec<NaiveDate> {
    let mut days: Vec<NaiveDate> = [
        "2026-11-22",
        "2026-05-01",
        "2027-01-01",
        "2027-01-31",
        "2026-07-14",
        "2026-08-15",
        "2026-09-01",
        "2026-09-30",
        "2027-12-31",
        "2026-10-25",
        "2027-03-28",
        "2026-02-28",
        "2027-05-07",
        "2026-12-25",
        "2028-02-29",
    ]
    .map(day)
    .to_vec();
    days.extend(day("2025-11-03").iter_days().step_by(31).take(25));
    days
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_does_not() {
    let one = written_on("2026-11-24").folder.files().unwrap();
    assert_eq!(one, written_on("2026-11-24").folder.files().unwrap());
    let other = generate(&Options { today: day("2026-11-24"), seed: 62, households: seed::HOUSEHOLDS }).unwrap();
    assert_ne!(one["foyers.csv"], other.folder.files().unwrap()["foyers.csv"]);
    assert_eq!(one["lieux.csv"], other.folder.files().unwrap()["lieux.csv"]);
}

#[test]
fn there_is_as_much_as_was_promised() {
    let folder = written_on("2026-11-24").folder;
    let count = |file: &str| folder.rows(file).len();
    assert_eq!((count("organisations.csv"), count("sites.csv"), count("lieux.csv"), count("communes.csv")), (2, 9, 12, 61));
    assert!((600..=610).contains(&count("foyers.csv")), "{} households", count("foyers.csv"));
    assert!((850..=950).contains(&count("enfants.csv")), "{} children", count("enfants.csv"));
    assert_eq!(codes(&folder, "lieux.csv", "type"), ["alsh", "cantine", "eaje", "periscolaire"].map(str::to_owned).into());
    for file in ["reservations.csv", "pointages.csv"] {
        assert!(count(file) > 10_000, "{file} has {} rows", count(file));
    }
    assert!(TABLES.iter().filter(|(file, _)| *file != "gardes.csv").all(|(file, _)| count(file) > 0), "a table is empty");
}

#[test]
fn one_site_houses_places_of_both_organisations() {
    let folder = written_on("2026-11-24").folder;
    let mut by_site: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for lieu in rows(&folder, "lieux.csv") {
        by_site.entry(lieu.get("site")).or_default().insert(lieu.get("organisation"));
    }
    assert_eq!(by_site.iter().filter(|(_, organisations)| organisations.len() == 2).map(|(site, _)| *site).collect::<Vec<_>>(), ["S-MEN"]);
}

/// Holds every dated row of attendance and booking to the calendar, read anew from the tables.
fn assert_obeys_the_calendar(made: &Agglomeration) {
    let folder = &made.folder;
    let school = SchoolCalendar::shipped();
    let activities: BTreeMap<&str, (Weekdays, &str, &str)> = rows(folder, "activites.csv")
        .map(|row| (row.get("code"), (row.get("jours").parse().unwrap(), row.get("periode"), row.get("lieu"))))
        .collect();
    let closures: Vec<(&str, NaiveDate, NaiveDate)> =
        rows(folder, "fermetures.csv").map(|row| (row.get("lieu"), row.day("du"), row.day("au"))).collect();
    let today = made.demo.today;
    for file in ["reservations.csv", "pointages.csv"] {
        for row in rows(folder, file) {
            let date = row.day("date");
            let (days, period, centre) = activities[row.get("activite")];
            let what = format!("{file} written on {today}: {} {date}", row.get("activite"));
            assert!(days.contains(date.weekday()) && date.weekday() != Weekday::Sun, "{what}: not on that weekday");
            assert_eq!(public_holiday(date), None, "{what}");
            let fits = match school.day_kind(Zone::B, date) {
                DayKind::Scolaire => ["scolaire", "toujours"].contains(&period),
                DayKind::Mercredi => ["mercredi", "toujours"].contains(&period),
                DayKind::Vacances => ["vacances", "toujours"].contains(&period),
                DayKind::Chome => false,
            };
            assert!(fits, "{what}: not in {period}");
            assert!(!closures.iter().any(|(lieu, from, to)| *lieu == centre && *from <= date && date <= *to), "{what}: closed");
            assert!(file == "reservations.csv" || date < today, "{what}: not yet");
        }
    }
}

#[test]
fn nobody_attends_on_a_closed_day_or_tomorrow() {
    let made = written_on("2026-11-24");
    assert_obeys_the_calendar(&made);
    assert!(made.folder.rows("fermetures.csv").iter().any(|row| row[3] == "greve"));
}

#[test]
fn the_day_left_to_the_tablet_has_bookings_and_no_attendance_at_its_school() {
    for today in ["2026-11-24", "2026-09-15", "2027-01-04"] {
        let made = written_on(today);
        let (demo, folder) = (&made.demo, &made.folder);
        let date = demo.day.to_string();
        let of_the_school = |file: &'static str| {
            rows(folder, file).filter(|row| row.get("date") == date && row.get("activite").starts_with("MEN-")).count()
        };
        assert_eq!(of_the_school("pointages.csv"), 0, "written on {today}");
        assert!(of_the_school("reservations.csv") > 60, "written on {today}");
        assert!(rows(folder, "pointages.csv").any(|row| row.get("date") == date), "the other schools worked on {date}");
        assert_eq!(demo.month, date[..7]);
        assert_eq!(SchoolCalendar::shipped().day_kind(Zone::B, demo.day), DayKind::Scolaire);
    }
}

/// Every code that a table names exists in the table that owns it.
fn assert_references_resolve(folder: &Folder) {
    const REFERENCES: [(&str, &str, &str); 44] = [
        ("regies.csv", "organisation", "organisations.csv"),
        ("organisations.csv", "commune_insee", "communes.csv"),
        ("sites.csv", "commune_insee", "communes.csv"),
        ("lieux.csv", "commune_insee", "communes.csv"),
        ("lieux.csv", "site", "sites.csv"),
        ("lieux.csv", "organisation", "organisations.csv"),
        ("fermetures.csv", "lieu", "lieux.csv"),
        ("groupes.csv", "lieu", "lieux.csv"),
        ("ecoles.csv", "site", "sites.csv"),
        ("ecoles.csv", "commune_insee", "communes.csv"),
        ("classes.csv", "ecole", "ecoles.csv"),
        ("adresses.csv", "foyer", "foyers.csv"),
        ("responsables.csv", "foyer", "foyers.csv"),
        ("situations.csv", "foyer", "foyers.csv"),
        ("enfants.csv", "foyer", "foyers.csv"),
        ("enfants.csv", "groupe", "groupes.csv"),
        ("affectations.csv", "enfant", "enfants.csv"),
        ("affectations.csv", "groupe", "groupes.csv"),
        ("scolarites.csv", "enfant", "enfants.csv"),
        ("scolarites.csv", "classe", "classes.csv"),
        ("rattachements.csv", "enfant", "enfants.csv"),
        ("rattachements.csv", "foyer", "foyers.csv"),
        ("gardes.csv", "enfant", "enfants.csv"),
        ("gardes.csv", "foyer", "foyers.csv"),
        ("liens.csv", "enfant", "enfants.csv"),
        ("liens.csv", "responsable", "responsables.csv"),
        ("personnes.csv", "enfant", "enfants.csv"),
        ("personnes.csv", "responsable", "responsables.csv"),
        ("personnel.csv", "lieu", "lieux.csv"),
        ("activites.csv", "lieu", "lieux.csv"),
        ("activites.csv", "regie", "regies.csv"),
        ("inscriptions.csv", "enfant", "enfants.csv"),
        ("inscriptions.csv", "activite", "activites.csv"),
        ("inscriptions.csv", "groupe", "groupes.csv"),
        ("contrats.csv", "enfant", "enfants.csv"),
        ("contrats.csv", "activite", "activites.csv"),
        ("contrats.csv", "foyer", "foyers.csv"),
        ("contrats_plages.csv", "contrat", "contrats.csv"),
        ("conges.csv", "contrat", "contrats.csv"),
        ("reservations.csv", "enfant", "enfants.csv"),
        ("reservations.csv", "activite", "activites.csv"),
        ("absences.csv", "enfant", "enfants.csv"),
        ("pointages.csv", "enfant", "enfants.csv"),
        ("pointages.csv", "activite", "activites.csv"),
    ];
    for (file, column, owner) in REFERENCES {
        let owned = codes(folder, owner, columns(owner)[0]);
        for code in folder.column(file, column).filter(|code| !code.is_empty()) {
            assert!(owned.contains(code), "{file}, {column}: {code} isn't in {owner}");
        }
    }
    for badge in rows(folder, "badges.csv") {
        let owner = match badge.get("type") {
            "foyer" => "foyers.csv",
            "responsable" => "responsables.csv",
            _ => "personnel.csv",
        };
        assert!(folder.column(owner, "code").any(|code| code == badge.get("porteur")), "badge of {}", badge.get("porteur"));
    }
}

#[test]
fn every_reference_resolves() {
    assert_references_resolve(&written_on("2026-11-24").folder);
}

/// What the import refuses: keys that repeat, periods that overlap or run backwards, times out of order.
fn assert_rows_are_sound(folder: &Folder) {
    let keyed = [
        "organisations",
        "regies",
        "sites",
        "lieux",
        "groupes",
        "classes",
        "foyers",
        "responsables",
        "enfants",
        "personnel",
        "activites",
        "contrats",
    ];
    for (file, _) in TABLES.iter().filter(|(file, _)| keyed.iter().any(|name| *file == format!("{name}.csv"))) {
        assert_eq!(codes(folder, file, "code").len(), folder.rows(file).len(), "{file}: a code stands twice");
    }
    let persons: BTreeSet<&[String]> = folder.rows("personnes.csv").iter().map(|row| &row[..2]).collect();
    assert_eq!(persons.len(), folder.rows("personnes.csv").len(), "a person stands twice beside one child");
    let bookings: BTreeSet<&[String]> = folder.rows("reservations.csv").iter().map(|row| &row[..3]).collect();
    assert_eq!(bookings.len(), folder.rows("reservations.csv").len(), "a booking stands twice");
    let uids = codes(folder, "badges.csv", "uid");
    assert_eq!(uids.len(), folder.rows("badges.csv").len(), "a card has two holders");
    assert!(uids.iter().all(|uid| [8, 14].contains(&uid.len()) && uid.bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_lowercase())));
    for (file, columns) in TABLES.iter().filter(|(_, columns)| columns.contains("du ") || columns.contains("du au")) {
        assert!(columns.contains("du"));
        for row in rows(folder, file).filter(|row| row.0.contains_key("au") && !row.get("au").is_empty() && !row.get("du").is_empty()) {
            assert!(row.day("du") <= row.day("au"), "{file}: {:?}", row.0);
        }
    }
    for row in rows(folder, "pointages.csv") {
        if let (Some(arrived), Some(left)) = (row.time("arrivee"), row.time("depart")) {
            assert!(arrived < left, "{:?}", row.0);
        }
    }
    assert_situations_follow_each_other(folder);
    assert_shares_are_whole(folder);
}

fn assert_situations_follow_each_other(folder: &Folder) {
    let mut last: Option<(&str, NaiveDate)> = None;
    for row in rows(folder, "situations.csv") {
        if let Some((household, to)) = last.filter(|(household, _)| *household == row.get("foyer")) {
            assert!(to < row.day("du"), "two situations of {household} on one day");
        }
        let to = if row.get("au").is_empty() { NaiveDate::MAX } else { row.day("au") };
        last = Some((row.get("foyer"), to));
    }
}

fn assert_shares_are_whole(folder: &Folder) {
    let mut shares: BTreeMap<&str, u32> = BTreeMap::new();
    let mut payers: BTreeSet<&str> = BTreeSet::new();
    for row in rows(folder, "responsables.csv").filter(|row| row.get("payeur") == "oui") {
        payers.insert(row.get("foyer"));
        if !row.get("part_pourcent").is_empty() {
            *shares.entry(row.get("foyer")).or_default() += row.get("part_pourcent").parse::<u32>().unwrap();
        }
    }
    assert!(!shares.is_empty() && shares.values().all(|total| *total == 100));
    assert_eq!(payers.len(), folder.rows("foyers.csv").len(), "every household has someone who pays");
}

#[test]
fn rows_are_what_the_import_accepts() {
    assert_rows_are_sound(&written_on("2026-11-24").folder);
}

#[test]
fn the_folder_can_be_written_on_any_of_forty_days() {
    let days = forty_days();
    assert_eq!(days.len(), 40);
    for today in days {
        let made = small(today);
        assert_obeys_the_calendar(&made);
        assert_references_resolve(&made.folder);
        assert_rows_are_sound(&made.folder);
        assert!(made.demo.day < today && made.demo.school.booked.len() >= 10, "cast of {today}");
        assert!(
            made.demo.school.siblings.iter().all(|child| made.demo.school.booked.iter().any(|booked| booked.child == child.child)),
            "{today}"
        );
    }
}

#[test]
fn the_29th_of_february_is_a_day_like_others() {
    let made = written_on("2028-02-29");
    assert_eq!((made.demo.day, made.demo.month.as_str()), (day("2028-01-31"), "2028-01"));
    assert!(rows(&made.folder, "pointages.csv").any(|row| row.get("date") == "2028-02-28"));
    let after = written_on("2028-03-10");
    assert!(rows(&after.folder, "pointages.csv").any(|row| row.get("date") == "2028-02-29"), "attendance on the leap day");
    assert_obeys_the_calendar(&after);
}

#[test]
fn the_hard_families_are_all_there() {
    let made = written_on("2026-11-24");
    let (folder, cases) = (&made.folder, &made.demo.cases);
    let find =
        |file: &'static str, column: &'static str, code: &str| rows(folder, file).filter(|row| row.get(column) == code).collect::<Vec<_>>();
    let child = |code: &str| find("enfants.csv", "code", code).remove(0);
    let household = |code: &str| find("foyers.csv", "code", code).remove(0);

    let homes = find("rattachements.csv", "enfant", &cases.alternating);
    let rhythms: Vec<&str> = homes.iter().map(|row| row.get("calendrier")).collect();
    assert_eq!(rhythms, ["semaines_paires", "semaines_impaires"]);
    let quotients: BTreeSet<&str> =
        homes.iter().flat_map(|home| find("situations.csv", "foyer", home.get("foyer"))).map(|row| row.get("quotient_familial")).collect();
    assert_eq!(quotients.len(), 2, "each parent has an own QF");

    assert_eq!(household(&cases.confidential).get("confidentiel"), "oui");
    assert!(find("rattachements.csv", "enfant", &cases.foster_child).iter().any(|row| row.get("garde") == "placement"));
    let paper = find("responsables.csv", "foyer", &cases.paper);
    assert!(paper.iter().all(|row| row.get("courriel").is_empty() && row.get("canal") == "papier"));
    let [one, other] = cases.twins.each_ref().map(|code| child(code));
    assert_eq!(one.get("naissance"), other.get("naissance"));
    assert!(one.get("nom").chars().count() > 30 && one.get("prenom").chars().count() > 20);
    let letters = child(&cases.typographic).get("nom").to_owned() + child(&cases.typographic).get("prenom");
    assert!(['œ', '\'', '-', 'ï'].iter().all(|letter| letters.contains(*letter)), "{letters}");
    assert!(find("situations.csv", "foyer", &cases.without_proof).is_empty());
    assert!(find("situations.csv", "foyer", &cases.expired_proof).iter().all(|row| row.day("au") < day("2026-10-01")));
    assert_eq!(find("situations.csv", "foyer", &cases.changed_proof)[1].get("du"), "2026-10-15");
    assert_eq!(find("situations.csv", "foyer", &cases.zero)[0].get("quotient_familial"), "0");
    assert!(!codes(folder, "communes.csv", "code_insee").contains(household(&cases.outside).get("commune_insee")));
    assert_eq!(find("enfants.csv", "foyer", &cases.large).len(), 4);
    assert_eq!(find("adresses.csv", "foyer", &cases.moved).len(), 1);
    let [one, other] = cases.homonyms.each_ref().map(|code| child(code));
    assert_eq!((one.get("nom"), one.get("prenom")), (other.get("nom"), other.get("prenom")));
    assert_eq!(child(&cases.packed_meal).get("menu"), "P");
}

#[test]
fn the_people_at_the_door_are_all_there() {
    let made = written_on("2026-11-24");
    let (folder, school) = (&made.folder, &made.demo.school);
    let persons = |code: &str| rows(folder, "personnes.csv").filter(|row| row.get("enfant") == code).collect::<Vec<_>>();
    let barred = persons(&school.barred.child.child);
    assert!(barred.iter().any(|row| row.get("statut") == "interdite"
        && row.get("nature") == "decision_justice"
        && row.get("responsable") == school.barred.guardian));
    assert!(rows(folder, "liens.csv").any(|row| row.get("responsable") == school.barred.guardian
        && row.get("peut_prendre") == "non"
        && row.get("autorite_parentale") == "retiree"));
    let welcome: Vec<&str> = persons(&school.siblings[0].child).iter().map(|row| row.get("lien")).collect();
    assert_eq!(welcome, ["grand-mère", "voisine"]);
    let alone = rows(folder, "enfants.csv").find(|row| row.get("code") == school.leaves_alone.child.child).unwrap();
    assert_eq!(alone.get("part_seul_des"), school.leaves_alone.from);
    assert_eq!(codes(folder, "personnes.csv", "statut"), ["autorisee", "interdite", "restreinte"].map(str::to_owned).into());
    assert_eq!(codes(folder, "badges.csv", "type"), ["foyer", "personnel", "responsable"].map(str::to_owned).into());
}

#[test]
fn a_month_has_its_accidents_and_few_of_each() {
    let made = written_on("2026-11-24");
    let folder = &made.folder;
    let ends: BTreeMap<&str, (Option<NaiveTime>, &str)> =
        rows(folder, "activites.csv").map(|row| (row.get("code"), (row.time("fin"), row.get("pointage")))).collect();
    let booked: BTreeMap<(&str, &str, &str), &str> =
        rows(folder, "reservations.csv").map(|row| ((row.get("enfant"), row.get("activite"), row.get("date")), row.get("etat"))).collect();
    let came: BTreeSet<(&str, &str, &str)> =
        rows(folder, "pointages.csv").map(|row| (row.get("enfant"), row.get("activite"), row.get("date"))).collect();
    let needs_departure = |row: &Row<'_>| ["heures", "depart"].contains(&ends[row.get("activite")].1);
    let missing = rows(folder, "pointages.csv").filter(|row| needs_departure(row) && row.time("depart").is_none()).count();
    assert!((5..=35).contains(&missing), "{missing} missing departures");
    let late = rows(folder, "pointages.csv").filter(|row| row.time("depart") > ends[row.get("activite")].0).count();
    assert!(late >= 10, "{late} late departures");
    let unbooked = came.iter().filter(|key| key.1.ends_with("-MIDI") && !booked.contains_key(*key)).count();
    assert!(unbooked >= 10, "{unbooked} meals that nobody had booked");
    let past = |key: &(&str, &str, &str)| day(key.2) < made.demo.day;
    let no_shows = booked.iter().filter(|(key, state)| **state == "reservee" && past(key) && !came.contains(*key)).count();
    assert!(no_shows >= 10, "{no_shows} no-shows");
    let forgotten = &made.demo.cases.forgotten_departure;
    let open = rows(folder, "pointages.csv")
        .filter(|row| row.get("enfant") == forgotten && row.get("activite") == "MEN-SOIR" && row.time("depart").is_none());
    assert_eq!(open.map(|row| row.get("date")).collect::<Vec<_>>(), ["2026-10-01"]);
    let unannounced = made.demo.cases.unannounced_meal.as_str();
    assert!(came.contains(&(unannounced, "MEN-MIDI", "2026-10-01")) && !booked.contains_key(&(unannounced, "MEN-MIDI", "2026-10-01")));
    let three = rows(folder, "pointages.csv")
        .filter(|row| row.get("enfant") == made.demo.creche.three_presences && row.get("date") == "2026-11-17");
    assert_eq!(three.count(), 3);
}

#[test]
fn the_script_finds_its_cast() {
    let demo = written_on("2026-11-24").demo;
    let school = &demo.school;
    assert_eq!((demo.day, demo.month.as_str(), school.site), (day("2026-10-16"), "2026-10", "S-MEN"));
    assert_eq!(school.booked.len(), 16);
    assert!(school.booked.iter().all(|child| child.badge.len() == 14 || child.badge.len() == 8));
    assert_eq!(school.siblings.iter().map(|child| child.first_name.as_str()).collect::<Vec<_>>(), ["Léa", "Tom"]);
    assert!(school.siblings.iter().all(|child| child.badge == "04A1B2C3D4E5F6" && child.morning && child.evening));
    assert!(school.class.booked.contains(&school.siblings[0].child) && school.class.booked.len() >= 5, "{:?}", school.class);
    assert_eq!(school.staff.iter().map(|person| person.role.as_str()).collect::<Vec<_>>(), ["direction", "equipe"]);
}

#[test]
fn nobody_real_can_be_written_to_or_rung_up() {
    let folder = written_on("2026-11-24").folder;
    assert!(folder.column("responsables.csv", "courriel").all(|address| address.is_empty() || address.ends_with("@example.org")));
    let phones = folder.column("responsables.csv", "telephone").chain(folder.column("personnes.csv", "telephone"));
    assert!(phones.into_iter().all(|phone| phone.starts_with("06 39 98 ")));
}

#[test]
fn every_activity_has_a_tariff_on_every_day() {
    let made = written_on("2026-11-24");
    let files = made.folder.files().unwrap();
    let tariffs: Vec<String> =
        files.iter().filter(|(path, _)| path.starts_with("tarifs/")).map(|(_, bytes)| String::from_utf8(bytes.clone()).unwrap()).collect();
    for code in codes(&made.folder, "activites.csv", "tarif") {
        assert!(tariffs.iter().any(|text| text.contains(&format!("code = \"{code}\""))), "no tariff {code}");
    }
    for method in ["forfait", "tranches_qf", "taux_effort", "psu"] {
        assert!(tariffs.iter().any(|text| text.contains(&format!("methode = \"{method}\""))), "no tariff of kind {method}");
    }
    assert!(tariffs.iter().all(|text| text.contains("[[exemples]]")));
}

#[test]
fn every_example_of_every_tariff_holds() {
    let files = small(day("2026-11-24")).folder.files().unwrap();
    let mut examples = 0;
    for (path, bytes) in files.iter().filter(|(path, _)| path.starts_with("tarifs/")) {
        let tariff = rules::tariff::parse(std::str::from_utf8(bytes).unwrap()).unwrap_or_else(|wrong| panic!("{path}: {wrong:?}"));
        for report in rules::tariff::check_examples(&tariff, rules::tariff::National::shipped()) {
            assert!(report.holds, "{path}, line {}: expected {}, got {}", report.line, report.expected, report.got);
            examples += 1;
        }
    }
    assert!(examples >= 30, "{examples} examples");
}

#[test]
fn nobody_announces_anything_tomorrow_and_nobody_became_a_parent_at_school() {
    let made = written_on("2026-11-24");
    let today = made.demo.today;
    let told = [
        ("absences.csv", "annoncee_le"),
        ("absences.csv", "certificat_le"),
        ("reservations.csv", "demandee_le"),
        ("reservations.csv", "annulee_le"),
        ("conges.csv", "declare_le"),
    ];
    for (file, column) in told {
        let late = made.folder.column(file, column).filter(|text| !text.is_empty() && day(text) > today).count();
        assert_eq!(late, 0, "{file}, {column}");
    }
    let eldest: BTreeMap<&str, NaiveDate> = rows(&made.folder, "enfants.csv").fold(BTreeMap::new(), |mut eldest, child| {
        let birth = child.day("naissance");
        eldest.entry(child.get("foyer")).and_modify(|known: &mut NaiveDate| *known = birth.min(*known)).or_insert(birth);
        eldest
    });
    for adult in rows(&made.folder, "responsables.csv") {
        if let Some(child) = eldest.get(adult.get("foyer")) {
            assert!(child.year() - adult.day("naissance").year() >= 18, "{} {}", adult.get("prenom"), adult.get("nom"));
        }
    }
}

#[test]
fn nobody_is_too_old_to_be_a_child_here() {
    for today in ["2026-11-24", "2027-06-30"] {
        let made = written_on(today);
        let birthday = |row: &Row<'_>| row.day("naissance");
        assert!(
            rows(&made.folder, "enfants.csv").all(|row| birthday(&row) < day(today) && day(today).year() - birthday(&row).year() <= 18)
        );
    }
}

#[test]
fn more_families_are_a_matter_of_a_number() {
    let made = generate(&Options { today: day("2026-11-24"), seed: seed::SEED, households: 2000 }).unwrap();
    let children = made.folder.rows("enfants.csv").len();
    assert!((2800..=3200).contains(&children), "{children} children");
    assert_rows_are_sound(&made.folder);
    assert!(generate(&Options { today: day("2026-11-24"), seed: seed::SEED, households: seed::HOUSEHOLDS_MAX + 1 }).is_err());
}

#[test]
fn a_folder_of_another_origin_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let made = small(day("2026-11-24"));
    made.folder.write(directory.path()).unwrap();
    made.folder.write(directory.path()).unwrap();
    assert_eq!(std::fs::read(directory.path().join("foyers.csv")).unwrap(), made.folder.files().unwrap()["foyers.csv"]);
    let foreign = tempfile::tempdir().unwrap();
    std::fs::write(foreign.path().join("foyers.csv"), "code;nom\n").unwrap();
    let refused = made.folder.write(foreign.path()).unwrap_err().to_string();
    assert!(refused.contains("contient déjà autre chose"), "{refused}");
    assert_eq!(std::fs::read_to_string(foreign.path().join("foyers.csv")).unwrap(), "code;nom\n");
}
