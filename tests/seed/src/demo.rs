//! The script's cast: which child, card and class a scripted day may use.
//! Written beside the tables as `demo.json`, which the import doesn't read.

use crate::days::{Calendar, school_year};
use crate::families::cases::Cast;
use crate::families::{Child, Household};
use crate::folder::Folder;
use crate::territory::{AGGLOMERATION, COMMUNE, SCHOOL_SITE};
use chrono::NaiveDate;
use serde::Serialize;
use std::collections::BTreeSet;

/// How many booked children the script may pick from.
const BOOKED_MAX: usize = 16;

/// Everything that a script needs to know of a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Demo {
    /// The day on which the folder was written.
    pub today: NaiveDate,
    /// The day that the script makes: the last school day of the month before, without any attendance at `school.site`.
    pub day: NaiveDate,
    /// The month of that day, to be billed: `2026-10`.
    pub month: String,
    /// Its organisations.
    pub organisations: Organisations,
    /// The school with morning care, canteen and evening care on one tablet.
    pub school: School,
    /// A crèche.
    pub creche: Creche,
    /// Codes of the families that are hard for a reason.
    pub cases: Cases,
}

/// Codes of the organisations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Organisations {
    /// The agglomération.
    pub agglomeration: &'static str,
    /// The commune whose school this is.
    pub commune: &'static str,
}

/// The school's site, its places and its people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct School {
    /// Code of the site.
    pub site: &'static str,
    /// Code of the school.
    pub code: &'static str,
    /// Codes of its places.
    pub centres: Centres,
    /// Codes of its activities.
    pub activities: Activities,
    /// One class, for the roll call at noon.
    pub class: Class,
    /// Children with a canteen booking on the day.
    pub booked: Vec<Pupil>,
    /// Brother and sister: morning care, canteen, evening care.
    pub siblings: Vec<Pupil>,
    /// The child whom a parent must never take.
    pub barred: Barred,
    /// The child who leaves alone, and from when.
    pub leaves_alone: LeavesAlone,
    /// Staff: code and card of the director of the care, and of someone of the team.
    pub staff: Vec<StaffCard>,
}

/// Codes of the places of the school's site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Centres {
    /// Morning and evening care.
    pub care: &'static str,
    /// Canteen.
    pub canteen: &'static str,
    /// The agglomération's holiday centre.
    pub leisure: &'static str,
}

/// Codes of the activities of a school day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Activities {
    /// Morning care.
    pub morning: &'static str,
    /// Canteen.
    pub canteen: &'static str,
    /// Evening care.
    pub evening: &'static str,
}

/// A class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Class {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Its pupils with a canteen booking on the day.
    pub booked: Vec<String>,
}

/// A child with the card of its household.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pupil {
    /// Code.
    pub child: String,
    /// First name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// Code of the household.
    pub household: String,
    /// Number of the household's card.
    pub badge: String,
    /// Usually comes in the morning.
    pub morning: bool,
    /// Usually stays in the evening.
    pub evening: bool,
}

/// A barred adult.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Barred {
    /// The child.
    pub child: Pupil,
    /// Code of the adult among the guardians.
    pub guardian: String,
    /// The name that he gives at the door.
    pub name: String,
}

/// A child who leaves alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeavesAlone {
    /// The child.
    pub child: Pupil,
    /// From when.
    pub from: String,
}

/// Someone of the staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StaffCard {
    /// Code.
    pub code: String,
    /// `direction` or `equipe`.
    pub role: String,
    /// Number of the card.
    pub badge: String,
}

/// A crèche.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Creche {
    /// Code of the site.
    pub site: &'static str,
    /// Code of the place.
    pub centre: &'static str,
    /// Code of the activity.
    pub activity: &'static str,
    /// Comes and goes three times on Tuesdays.
    pub three_presences: String,
}

/// Codes of the hard cases: a child (`E…`) or a household (`F…`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cases {
    /// One week at each parent's.
    pub alternating: String,
    /// Its address is kept secret.
    pub confidential: String,
    /// Placed by a judge.
    pub foster_child: String,
    /// Without e-mail.
    pub paper: String,
    /// Two born on one day.
    pub twins: [String; 2],
    /// Apostrophes, ligature, accents.
    pub typographic: String,
    /// No proof of means.
    pub without_proof: String,
    /// A proof that ran out.
    pub expired_proof: String,
    /// Another QF from the 15th.
    pub changed_proof: String,
    /// The departure that nobody noted.
    pub forgotten_departure: String,
    /// The meal that nobody had booked.
    pub unannounced_meal: String,
    /// Lives outside the territory.
    pub outside: String,
    /// Four children.
    pub large: String,
    /// A QF of 0.
    pub zero: String,
    /// Moved in mid-month.
    pub moved: String,
    /// One name, two children, one class level.
    pub homonyms: [String; 2],
    /// Brings its meal.
    pub packed_meal: String,
}

/// Reads the cast out of a finished folder.
#[must_use]
pub fn describe(folder: &Folder, households: &[Household], cast: &Cast, calendar: &Calendar) -> Demo {
    let day = calendar.blank_day;
    let stage = Stage { folder, households };
    let booked = stage.booked_for_lunch(day);
    let mut class = stage.class_of(&cast.siblings[0], day);
    class.booked.retain(|child| booked.contains(child));
    let pupil = |code: &String| stage.pupil(code);
    let father = households.iter().flat_map(|home| &home.guardians).find(|guardian| guardian.code == cast.barred_guardian);
    Demo {
        today: calendar.today,
        day,
        month: shared::calendar::Month::of(day).to_string(),
        organisations: Organisations { agglomeration: AGGLOMERATION, commune: COMMUNE },
        school: School {
            site: SCHOOL_SITE,
            code: "E-MEN",
            centres: Centres { care: "MEN-PERI", canteen: "MEN-CANT", leisure: "MEN-ALSH" },
            activities: Activities { morning: "MEN-MAT", canteen: "MEN-MIDI", evening: "MEN-SOIR" },
            class,
            booked: booked.iter().filter_map(pupil).take(BOOKED_MAX).collect(),
            siblings: cast.siblings.iter().filter_map(pupil).collect(),
            barred: Barred {
                child: pupil(&cast.barred_child).unwrap_or_else(|| unreachable!("written by hand")),
                guardian: cast.barred_guardian.clone(),
                name: father.map(|father| format!("{} {}", father.first_name, father.last_name)).unwrap_or_default(),
            },
            leaves_alone: LeavesAlone {
                child: pupil(&cast.alone).unwrap_or_else(|| unreachable!("written by hand")),
                from: "17:00".to_owned(),
            },
            staff: stage.staff("MEN-PERI"),
        },
        creche: Creche { site: "S-PAC-PE", centre: "PAC-CRE", activity: "PAC-CRE-ACC", three_presences: cast.three_presences.clone() },
        cases: cases(cast),
    }
}

fn cases(cast: &Cast) -> Cases {
    let cast = cast.clone();
    Cases {
        alternating: cast.alternating,
        confidential: cast.confidential,
        foster_child: cast.foster_child,
        paper: cast.paper,
        twins: cast.twins,
        typographic: cast.typographic,
        without_proof: cast.without_proof,
        expired_proof: cast.expired_proof,
        changed_proof: cast.changed_proof,
        forgotten_departure: cast.forgotten,
        unannounced_meal: cast.unannounced,
        outside: cast.outside,
        large: cast.large,
        zero: cast.zero,
        moved: cast.moved,
        homonyms: cast.homonyms,
        packed_meal: cast.packed_meal,
    }
}

struct Stage<'a> {
    folder: &'a Folder,
    households: &'a [Household],
}

impl Stage<'_> {
    /// Children with a canteen booking that stands, by code.
    fn booked_for_lunch(&self, day: NaiveDate) -> BTreeSet<String> {
        let day = day.to_string();
        let rows = self.folder.rows("reservations.csv").iter();
        rows.filter(|row| row[1] == "MEN-MIDI" && row[2] == day && row[5] == "reservee").map(|row| row[0].clone()).collect()
    }

    fn pupil(&self, code: &String) -> Option<Pupil> {
        let children = self.households.iter().flat_map(|home| home.children.iter().map(move |child| (home, child)));
        let (home, child): (&Household, &Child) = children.into_iter().find(|(_, child)| child.code == *code)?;
        Some(Pupil {
            child: child.code.clone(),
            first_name: child.first_name.clone(),
            last_name: child.last_name.clone(),
            household: home.code.clone(),
            badge: home.badge.clone().unwrap_or_default(),
            morning: !child.habit.morning.is_empty(),
            evening: !child.habit.evening.is_empty(),
        })
    }

    /// The class of a child on a day, with all its pupils.
    fn class_of(&self, child: &str, day: NaiveDate) -> Class {
        let from = crate::enrolment::year_bounds(school_year(day)).0.to_string();
        let schooling = || self.folder.rows("scolarites.csv").iter().filter(|row| row[2] == from);
        let code = schooling().find(|row| row[0] == child).map(|row| row[1].clone()).unwrap_or_default();
        let name = self.folder.rows("classes.csv").iter().find(|row| row[0] == code).map(|row| row[3].clone()).unwrap_or_default();
        let booked = schooling().filter(|row| row[1] == code).map(|row| row[0].clone()).collect();
        Class { code, name, booked }
    }

    /// The director and the first of the team.
    fn staff(&self, centre: &str) -> Vec<StaffCard> {
        let team = self.folder.rows("personnel.csv").iter().filter(|row| row[1] == centre).take(2);
        let badge = |code: &String| {
            let rows = self.folder.rows("badges.csv").iter();
            rows.filter(|row| row[1] == "personnel").find(|row| row[2] == *code).map(|row| row[0].clone()).unwrap_or_default()
        };
        team.map(|row| StaffCard { code: row[0].clone(), role: row[4].clone(), badge: badge(&row[0]) }).collect()
    }
}
