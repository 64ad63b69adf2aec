//! Bookings and attendance of school-age children, day by day, with the
//! accidents of a real month: an absence, a no-show, a child whom nobody had
//! announced, a parent at 18:44, a departure that nobody noted.

use crate::activities::{Activity, activity_by_code};
use crate::days::{Calendar, minus, plus};
use crate::enrolment::{Attends, attends};
use crate::families::{Child, Habit, Household};
use crate::folder::{Folder, add, cell, clock_time};
use crate::random::Random;
use crate::territory::centre_by_code;
use chrono::{Datelike, NaiveDate};
use shared::calendar::Month;

/// Of a thousand planned days, how many are cancelled in time.
const CANCELLED_PER_MILLE: u32 = 12;
/// Of a thousand planned days, how many end in a no-show.
const NO_SHOW_PER_MILLE: u32 = 13;
/// Of a thousand days that a child usually doesn't come, how many it does.
const UNPLANNED_PER_MILLE: u32 = 15;
/// Of a thousand departures, how many are after closing time.
const LATE_PER_MILLE: u32 = 7;
/// Of a thousand departures, how many nobody noted.
const FORGOTTEN_PER_MILLE: u32 = 3;

/// An absence that the family announced.
#[derive(Debug, Clone, Copy)]
pub struct Absence {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
}

impl Absence {
    /// Whether a day falls in it.
    #[must_use]
    pub fn covers(&self, day: NaiveDate) -> bool {
        self.from <= day && day <= self.to
    }
}

/// Draws and writes the absence of a child, if it has one in these weeks.
pub fn write_absence(folder: &mut Folder, child: &Child, calendar: &Calendar, random: &mut Random, is_in_creche: bool) -> Option<Absence> {
    if child.habit.steady || !random.per_mille(190) {
        return None;
    }
    let span = (calendar.last_day - calendar.first_day).num_days();
    let from = plus(calendar.first_day, u64::from(random.below(u32::try_from(span).unwrap_or(1))));
    let days = random.weighted(&[(1, 35), (2, 25), (3, 15), (5, 15), (8, 10)]);
    let to = plus(from, days - 1);
    let reason = match random.below(100) {
        // Nobody knows today that a child will be ill next week.
        _ if from > calendar.today => "autre",
        0..6 => "hospitalisation",
        6..12 if is_in_creche => "eviction",
        6..25 => "autre",
        _ => "maladie",
    };
    let announced = if reason == "autre" { minus(from, 4).min(calendar.today) } else { from };
    let is_proved = matches!(reason, "hospitalisation" | "eviction") || (reason == "maladie" && days > 3 && random.per_mille(750));
    let certified = is_proved.then(|| plus(from, 1)).filter(|day| *day <= calendar.today);
    add!(
        folder,
        "absences.csv",
        enfant = child.code,
        du = from,
        au = to,
        motif = reason,
        annoncee_le = announced,
        certificat_le = cell(certified),
    );
    Some(Absence { from, to })
}

/// Writes bookings and attendance of every child at school.
pub fn write(folder: &mut Folder, households: &[Household], seed: u64, calendar: &Calendar) {
    let children = households.iter().flat_map(|home| home.children.iter().map(move |child| (child, home)));
    for (number, (child, household)) in children.enumerate() {
        let attended = attends(&child.habit, household.catchment);
        if attended.is_empty() || !calendar.days().any(|day| child.is_pupil(day)) {
            continue;
        }
        let absence = write_absence(folder, child, calendar, &mut Random::stream(seed, "absence", number), false);
        for day in calendar.days().filter(|day| child.is_pupil(*day)) {
            // One stream a child and day: a longer window changes no day of a shorter one.
            let moment = number * 100_000 + usize::try_from(day.num_days_from_ce()).unwrap_or(0) % 100_000;
            let mut random = Random::stream(seed, "journee", moment);
            for attended in &attended {
                let mut visit = Visit { folder, child, calendar, day, activity: activity_by_code(attended.activity), random: &mut random };
                visit.write(attended, absence.is_some_and(|absence| absence.covers(day)));
            }
        }
    }
}

/// One child, one activity, one day.
struct Visit<'a> {
    folder: &'a mut Folder,
    child: &'a Child,
    calendar: &'a Calendar,
    day: NaiveDate,
    activity: &'a Activity,
    random: &'a mut Random,
}

impl Visit<'_> {
    fn write(&mut self, attended: &Attends, is_absent: bool) {
        if !self.calendar.is_open(self.activity.centre, self.activity.period, self.day) {
            return;
        }
        let habit = self.child.habit;
        let draw = if habit.steady { 1000 } else { self.random.below(1000) };
        if !attended.days.contains(self.day.weekday()) {
            if draw < UNPLANNED_PER_MILLE && !is_absent {
                self.attend(&habit);
            }
            return;
        }
        let is_past = self.day < self.calendar.today;
        let (state, comes) = match draw {
            _ if is_absent => ("absence_justifiee", false),
            0..CANCELLED_PER_MILLE => ("annulee", false),
            CANCELLED_PER_MILLE.. if draw < CANCELLED_PER_MILLE + NO_SHOW_PER_MILLE && is_past => {
                (if self.random.per_mille(500) { "absence_injustifiee" } else { "reservee" }, false)
            }
            _ => ("reservee", true),
        };
        let is_obligatory = self.activity.booking == "obligatoire";
        let is_unannounced = habit.unannounced_once && is_obligatory && self.is_first_of_the_billed_month();
        let is_booked = is_obligatory || (self.activity.booking == "facultative" && habit.books);
        if is_booked && !is_unannounced {
            self.book(state);
        }
        if comes {
            self.attend(&habit);
        }
    }

    fn book(&mut self, state: &str) {
        let asked = minus(self.day, u64::from(self.random.between(9, 30)));
        let cancelled = if state == "annulee" {
            minus(self.day, u64::from(self.random.between(2, 5))).min(self.calendar.today).to_string()
        } else {
            String::new()
        };
        let (is_timed, times) = (self.activity.recording == "heures", (self.activity.starts, self.activity.ends));
        add!(
            self.folder,
            "reservations.csv",
            enfant = self.child.code,
            activite = self.activity.code,
            date = self.day,
            debut = if is_timed { clock_time(times.0) } else { String::new() },
            fin = if is_timed { clock_time(times.1) } else { String::new() },
            etat = state,
            demandee_le = asked.min(self.calendar.today),
            annulee_le = cancelled,
            canal = self.random.weighted(&[("guichet", 85), ("courriel", 6), ("papier", 9)]),
        );
    }

    fn attend(&mut self, habit: &Habit) {
        if !self.calendar.has_attendance(centre_by_code(self.activity.centre).site, self.day) {
            return;
        }
        let (arrived, left) = match self.activity.recording {
            "appel" => (None, None),
            "arrivee" => (Some(self.arrival(habit)), None),
            recording => {
                // In the evening an entry without a departure says at least that the child was there.
                let arrived = if recording == "depart" { None } else { Some(self.arrival(habit)) };
                if self.is_forgotten(habit) {
                    (arrived.or(Some(self.activity.starts)), None)
                } else {
                    (arrived, Some(self.departure(habit)))
                }
            }
        };
        write_presence(self.folder, self.child, self.activity.code, self.day, arrived, left);
    }

    /// Nobody noted the departure: rarely by chance, once by design.
    fn is_forgotten(&mut self, habit: &Habit) -> bool {
        if habit.forgotten_once && self.activity.recording == "depart" {
            return self.is_first_of_the_billed_month();
        }
        !habit.steady && self.random.per_mille(FORGOTTEN_PER_MILLE)
    }

    /// The first day of the billed month on which the activity takes place and its attendance is in the folder.
    fn is_first_of_the_billed_month(&self) -> bool {
        let month = Month::of(self.calendar.blank_day).days();
        let is_open =
            |day: &NaiveDate| *day != self.calendar.blank_day && self.calendar.is_open(self.activity.centre, self.activity.period, *day);
        month.into_iter().find(is_open) == Some(self.day)
    }

    fn arrival(&mut self, habit: &Habit) -> u32 {
        let usual = habit.arrives.max(self.activity.starts);
        (usual + self.random.below(18)).saturating_sub(7).clamp(self.activity.starts, self.activity.ends - 5)
    }

    fn departure(&mut self, habit: &Habit) -> u32 {
        let closes = self.activity.ends;
        if !habit.steady && self.random.per_mille(LATE_PER_MILLE) {
            return closes + self.random.between(3, 25);
        }
        // Nobody stays for less than a good ten minutes, and a child who leaves alone never leaves early.
        let first = (self.activity.starts.max(closes.saturating_sub(120)) + 12).max(self.child.alone_from.unwrap_or(0).min(closes));
        (habit.leaves.min(closes - 15) + self.random.below(25)).saturating_sub(12).clamp(first, closes)
    }
}

/// One row of `pointages.csv`.
pub fn write_presence(folder: &mut Folder, child: &Child, activity: &str, day: NaiveDate, arrived: Option<u32>, left: Option<u32>) {
    let time = |minute: Option<u32>| minute.map(clock_time).unwrap_or_default();
    add!(
        folder,
        "pointages.csv",
        enfant = child.code,
        activite = activity,
        date = day,
        arrivee = time(arrived),
        depart = time(left),
        justificatif = "papier"
    );
}
