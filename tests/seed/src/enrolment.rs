//! Who may attend what: classes, enrolments, groups.

use crate::activities::activity_by_code;
use crate::days::Calendar;
use crate::families::{Catchment, Child, Habit, Household, LEVELS, Wednesday};
use crate::folder::{Folder, add};
use crate::territory::SCHOOLS;
use chrono::{Datelike, NaiveDate};
use shared::calendar::Weekdays;
use std::collections::BTreeSet;

/// A class is split above this number, and levels share one up to it.
const PUPILS_PER_CLASS_MAX: usize = 28;

/// An activity that a child attends, and on which days of the week.
#[derive(Debug, Clone, Copy)]
pub struct Attends {
    /// Code of the activity.
    pub activity: &'static str,
    /// Days on which it usually comes.
    pub days: Weekdays,
}

/// What a child of school age attends outside class.
#[must_use]
pub fn attends(habit: &Habit, catchment: Catchment) -> Vec<Attends> {
    let mut list = Vec::new();
    let days = [habit.morning, habit.canteen, habit.evening];
    for (activity, days) in catchment.school_day().into_iter().zip(days) {
        list.extend(activity.filter(|_| !days.is_empty()).map(|activity| Attends { activity, days }));
    }
    let (wednesday, holidays) = catchment.leisure();
    let wednesday = match habit.wednesday {
        Wednesday::No => None,
        // Half days exist at Vernon only.
        Wednesday::Morning if wednesday == "VER-MER" => Some("VER-MER-AM"),
        Wednesday::Day | Wednesday::Morning => Some(wednesday),
    };
    list.extend(wednesday.map(|activity| Attends { activity, days: Weekdays::WORKING }));
    list.extend(habit.holidays.then_some(Attends { activity: holidays, days: Weekdays::WORKING }));
    list
}

/// The school year that a class belongs to, as files write it.
fn year_name(year: i32) -> String {
    format!("{year}-{}", year + 1)
}

/// First and last day of a school year.
#[must_use]
pub fn year_bounds(year: i32) -> (NaiveDate, NaiveDate) {
    let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
    (day(year, 9, 1), day(year + 1, 8, 31))
}

/// Writes classes, schooling, enrolments and groups of all school years that the folder touches.
pub fn write(folder: &mut Folder, households: &[Household], calendar: &Calendar) {
    for year in calendar.school_years() {
        for (school, ..) in SCHOOLS {
            write_classes(folder, households, school, year);
        }
        let (from, to) = year_bounds(year);
        for (child, household) in households.iter().flat_map(|home| home.children.iter().map(move |child| (child, home))) {
            if child.level(year).is_none() {
                continue;
            }
            let mut groups = BTreeSet::new();
            for attended in attends(&child.habit, household.catchment) {
                let group = group(attended.activity, child, from);
                add!(folder, "inscriptions.csv", enfant = child.code, activite = attended.activity, du = from, au = to, groupe = group);
                groups.insert(group);
            }
            for group in groups {
                add!(folder, "affectations.csv", enfant = child.code, groupe = group, du = from, au = to);
            }
        }
    }
}

/// The group of a child in the place of an activity, from a day on.
#[must_use]
pub fn group(activity: &str, child: &Child, day: NaiveDate) -> &'static str {
    let months =
        (day.year() - child.birth.year()) * 12 + i32::try_from(day.month()).unwrap_or(0) - i32::try_from(child.birth.month()).unwrap_or(0);
    let (little, big) = match activity_by_code(activity).centre {
        "VER-CRE" if months < 10 => return "VER-CRE-B",
        "VER-CRE" => return if months < 20 { "VER-CRE-M" } else { "VER-CRE-G" },
        "PAC-CRE" => return if months < 14 { "PAC-CRE-B" } else { "PAC-CRE-G" },
        "AND-CRE" => return "AND-CRE-U",
        "VER-ALSH" => ("VER-ALSH-M", "VER-ALSH-E"),
        "GAS-ALSH" => ("GAS-ALSH-M", "GAS-ALSH-E"),
        "MEN-ALSH" => ("MEN-ALSH-M", "MEN-ALSH-E"),
        "MEN-PERI" => ("MEN-PERI-M", "MEN-PERI-E"),
        "MEN-CANT" => ("MEN-CANT-1", "MEN-CANT-2"),
        "PAC-PERI" => ("PAC-PERI-M", "PAC-PERI-E"),
        "PAC-CANT" => return "PAC-CANT-U",
        "VEX-PERI" => return "VEX-PERI-U",
        _ => return "STM-CANT-U",
    };
    if child.is_six(day) { big } else { little }
}

/// Levels that share a class, and the pupils of each.
fn write_classes(folder: &mut Folder, households: &[Household], school: &str, year: i32) {
    let mut by_level: [Vec<&Child>; 8] = Default::default();
    for home in households.iter().filter(|home| home.catchment.school() == school) {
        for child in &home.children {
            if let Some(level) = child.level(year) {
                by_level[level].push(child);
            }
        }
    }
    let mut next = 0;
    while next < LEVELS.len() {
        let first = next;
        let mut pupils = std::mem::take(&mut by_level[first]);
        next += 1;
        while next < LEVELS.len() && pupils.len() + by_level[next].len() <= PUPILS_PER_CLASS_MAX {
            pupils.append(&mut by_level[next]);
            next += 1;
        }
        write_parallel_classes(folder, school, year, &LEVELS[first..next], &pupils);
    }
}

fn write_parallel_classes(folder: &mut Folder, school: &str, year: i32, levels: &[&str], pupils: &[&Child]) {
    if pupils.is_empty() {
        return;
    }
    let name = levels.join("-");
    let count = pupils.len().div_ceil(PUPILS_PER_CLASS_MAX);
    let (from, to) = year_bounds(year);
    for index in 0..count {
        let letter = if count > 1 { format!(" {}", letter(index)) } else { String::new() };
        let code = format!("{}-{}-{}{}", school.trim_start_matches("E-"), year % 100, name, letter.trim().replace(' ', ""));
        add!(
            folder,
            "classes.csv",
            code = code,
            ecole = school,
            annee = year_name(year),
            nom = format!("{name}{letter}"),
            niveau = levels[0]
        );
        for pupil in pupils.iter().skip(index).step_by(count) {
            add!(folder, "scolarites.csv", enfant = pupil.code, classe = code, du = from, au = to);
        }
    }
}

/// A, B… Z, then 27, 28…: a demonstration of any size has names for its classes.
fn letter(index: usize) -> String {
    match u8::try_from(index) {
        Ok(index) if index < 26 => char::from(b'A' + index).to_string(),
        _ => (index + 1).to_string(),
    }
}
