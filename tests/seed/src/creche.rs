//! Crèches: contracts with their weekly hours and leave, and the days as they went.

use crate::activities::{Activity, activity_by_code};
use crate::attendance::{Absence, write_absence, write_presence};
use crate::days::{Calendar, Period, minus, plus};
use crate::enrolment::{group, year_bounds};
use crate::families::{Child, Household};
use crate::folder::{Folder, add, cell, clock_time};
use crate::random::Random;
use crate::territory::CENTRES;
use chrono::{Datelike, NaiveDate, Weekday};
use shared::calendar::Weekdays;
use std::collections::BTreeMap;

/// Weeks of a full year in which a crèche is open.
const WEEKS_OPEN: u32 = 47;
/// From this age a child may come (CSP R. 2324-17 speaks of children under six; crèches here take them from ten weeks).
const AGE_DAYS_MIN: u64 = 75;
/// Children without a contract who come now and then, in all crèches together.
const OCCASIONAL: usize = 9;

/// Writes the crèches' children until every place is taken.
pub fn write(folder: &mut Folder, households: &[Household], seed: u64, calendar: &Calendar, scale_per_mille: u32) {
    let mut occasional = 0;
    let mut contracts = 0;
    for year in calendar.school_years() {
        let mut free: BTreeMap<&str, u32> =
            CENTRES.iter().map(|centre| (centre.code, (centre.capacity * scale_per_mille).div_ceil(1000).max(centre.capacity))).collect();
        let children = households.iter().flat_map(|home| home.children.iter().map(move |child| (child, home)));
        for (number, (child, household)) in children.enumerate().filter(|(_, (child, _))| child.is_of_creche_age(year)) {
            let activity = activity_by_code(household.catchment.creche());
            let (from, to) = (year_bounds(year).0.max(plus(child.birth, AGE_DAYS_MIN)), year_bounds(year).1);
            let places = free.entry(activity.centre).or_default();
            if from > calendar.last_day || to < calendar.first_day || *places == 0 {
                continue;
            }
            let random = &mut Random::stream(seed, "creche", number * 10_000 + usize::try_from(year).unwrap_or(0));
            let mut stay = Stay { folder, child, household: &household.code, activity, calendar, from, to, random };
            if !child.habit.creche.is_empty() {
                *places -= 1;
                contracts += 1;
                stay.enrol();
                stay.contract(&format!("C{contracts:04}"));
            } else if occasional < OCCASIONAL {
                occasional += 1;
                stay.enrol();
                stay.now_and_then();
            }
        }
    }
}

/// A child at a crèche, for one school year.
struct Stay<'a> {
    folder: &'a mut Folder,
    child: &'a Child,
    household: &'a str,
    activity: &'a Activity,
    calendar: &'a Calendar,
    from: NaiveDate,
    to: NaiveDate,
    random: &'a mut Random,
}

impl Stay<'_> {
    fn enrol(&mut self) {
        let group = group(self.activity.code, self.child, self.from);
        add!(
            self.folder,
            "inscriptions.csv",
            enfant = self.child.code,
            activite = self.activity.code,
            du = self.from,
            au = self.to,
            groupe = group
        );
        add!(self.folder, "affectations.csv", enfant = self.child.code, groupe = group, du = self.from, au = self.to);
    }

    fn contract(&mut self, code: &str) {
        // Contracts are in half hours.
        let starts = (self.child.habit.arrives / 30 * 30).max(self.activity.starts);
        let ends = (self.child.habit.leaves.div_ceil(30) * 30).min(self.activity.ends);
        let days = self.child.habit.creche;
        let days_a_week = (0..7).filter(|bit| days.bits() & (1 << bit) != 0).count() as u64;
        let weekly_minutes = u64::from(ends - starts) * days_a_week;
        let months = months_touched(self.from, self.to);
        let leave = self.leave();
        let is_new = self.from >= self.calendar.first_day;
        // Where there are two homes, the first signed.
        let household = self.child.second_home.as_ref().map(|_| self.household);
        add!(
            self.folder,
            "contrats.csv",
            code = code,
            enfant = self.child.code,
            activite = self.activity.code,
            du = self.from,
            au = self.to,
            heures_semaine = hours(weekly_minutes),
            semaines = (WEEKS_OPEN * months / 12).max(1),
            mensualites = months,
            heures_absence_prevues = hours(if leave.is_some() { weekly_minutes } else { 0 }),
            accueil = "regulier",
            adaptation_jusqu_au = cell(is_new.then(|| plus(self.from, 6).min(self.to))),
            foyer = cell(household),
        );
        for day in [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri] {
            if days.contains(day) {
                let weekday = Weekdays::default().with(day);
                let (debut, fin) = (clock_time(starts), clock_time(ends));
                add!(self.folder, "contrats_plages.csv", contrat = code, semaine = "toutes", jour = weekday, debut = debut, fin = fin);
            }
        }
        if let Some((first, last)) = leave {
            add!(
                self.folder,
                "conges.csv",
                contrat = code,
                du = first,
                au = last,
                declare_le = minus(first, 35).max(self.from).min(self.calendar.today)
            );
        }
        self.days(starts, ends, leave);
    }

    /// A week of leave in the covered weeks, for some families; never before the contract's first full week.
    fn leave(&mut self) -> Option<(NaiveDate, NaiveDate)> {
        if self.child.habit.steady || !self.random.per_mille(150) {
            return None;
        }
        let weeks = self.random.between(1, 6);
        let monday = self.calendar.first_day.iter_days().find(|day| day.weekday() == Weekday::Mon)?;
        let first = plus(monday, u64::from(weeks) * 7);
        let last = plus(first, 4);
        (first > plus(self.from, 7) && last <= self.to).then_some((first, last))
    }

    fn days(&mut self, starts: u32, ends: u32, leave: Option<(NaiveDate, NaiveDate)>) {
        let absence: Option<Absence> = write_absence(self.folder, self.child, self.calendar, self.random, true);
        for day in self.calendar.days().filter(|day| self.child.habit.creche.contains(day.weekday())) {
            let is_off =
                leave.is_some_and(|(first, last)| first <= day && day <= last) || absence.is_some_and(|absence| absence.covers(day));
            let in_contract = self.from <= day && day <= self.to;
            let comes = self.child.habit.steady || !self.random.per_mille(30);
            let jitter = (self.random.below(29), self.random.below(52), self.random.below(1000));
            if !in_contract || is_off || !comes || !self.is_attended(day) {
                continue;
            }
            let (child, code) = (self.child, self.activity.code);
            if child.habit.three_presences && day.weekday() == Weekday::Tue {
                for (arrived, left) in THREE_PRESENCES {
                    write_presence(self.folder, child, code, day, Some(arrived), Some(left));
                }
                continue;
            }
            let arrived = (starts + jitter.0).saturating_sub(8).max(self.activity.starts);
            let left = if jitter.2 < 8 {
                self.activity.ends + 4 + jitter.1 / 4
            } else {
                (ends + jitter.1).saturating_sub(40).min(self.activity.ends)
            };
            write_presence(self.folder, child, code, day, Some(arrived), (jitter.2 != 999).then_some(left.max(arrived + 30)));
        }
    }

    fn is_attended(&self, day: NaiveDate) -> bool {
        self.calendar.is_open(self.activity.centre, Period::Always, day) && day < self.calendar.today
    }

    /// Some mornings, booked one by one.
    fn now_and_then(&mut self) {
        for day in self.calendar.days() {
            let (comes, minute) = (self.random.per_mille(150), self.random.below(20));
            if !comes || day < self.from || day > self.to || !self.calendar.is_open(self.activity.centre, Period::Always, day) {
                continue;
            }
            let (starts, ends) = (9 * 60, 12 * 60);
            add!(
                self.folder,
                "reservations.csv",
                enfant = self.child.code,
                activite = self.activity.code,
                date = day,
                debut = clock_time(starts),
                fin = clock_time(ends),
                etat = "reservee",
                demandee_le = minus(day, 6).min(self.calendar.today),
                canal = "guichet",
            );
            if self.is_attended(day) {
                write_presence(self.folder, self.child, self.activity.code, day, Some(starts + minute), Some(ends - minute / 2));
            }
        }
    }
}

/// A morning nap at the childminder's, a visit to the doctor, back each time.
const THREE_PRESENCES: [(u32, u32); 3] = [(8 * 60 + 2, 9 * 60 + 40), (10 * 60 + 55, 14 * 60 + 10), (15 * 60 + 5, 17 * 60 + 4)];

/// Calendar months that a contract touches.
fn months_touched(from: NaiveDate, to: NaiveDate) -> u32 {
    let index = |day: NaiveDate| day.year() * 12 + i32::try_from(day.month()).unwrap_or(0);
    u32::try_from(index(to) - index(from) + 1).unwrap_or(1)
}

/// Minutes as decimal hours; contracts are in half hours, so one decimal is exact.
fn hours(minutes: u64) -> String {
    format!("{}.{}", minutes / 60, minutes % 60 / 6)
}
