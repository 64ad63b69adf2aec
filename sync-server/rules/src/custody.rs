//! Which household owes a day of a child.
//!
//! An exception says so for its date; else the household whose custody
//! calendar holds that day; else the child's own. A right of visit never pays.
//! Weeks alternate by their ISO number unless a pivot names one of its weeks: a
//! year of 53 weeks puts two odd weeks side by side, which is told, never
//! silently flipped.

use crate::input::{Attachment, Child, Custody, CustodyCalendar};
use chrono::{Datelike, Days, NaiveDate};
use shared::id::HouseholdId;
use std::collections::{BTreeMap, BTreeSet};

/// Who owes a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owing {
    /// Households and their part in percent; `None`: all of it.
    pub households: Vec<(HouseholdId, Option<u32>)>,
    /// Several calendars claim the day, or parts don't make a whole.
    pub ambiguous: bool,
    /// A calendar of even and odd weeks was asked in or just after a week 53.
    pub week_53: bool,
}

/// The households that owe a day, by the rules above.
pub(crate) fn owing(child: &Child, day: NaiveDate) -> Owing {
    let alone = |household| Owing { households: vec![(household, None)], ambiguous: false, week_53: false };
    if let Some((_, household)) = child.custody_exceptions.iter().find(|(date, _)| *date == day) {
        return alone(*household);
    }
    let holding: Vec<&Attachment> = child.attachments.iter().filter(|a| holds(a, day) && a.custody != Custody::Visiting).collect();
    let week_53 = is_beside_week_53(day) && holding.iter().any(|a| counts_weeks(a));
    // One entry a household, by id, so that the order of rows is of no account.
    let mut parts: BTreeMap<HouseholdId, u32> = BTreeMap::new();
    let mut claims: BTreeSet<HouseholdId> = BTreeSet::new();
    for attachment in holding {
        match attachment.calendar {
            Some(CustodyCalendar::Part(percent)) => *parts.entry(attachment.household).or_default() += percent,
            calendar if claims_day(calendar, attachment.pivot, day) => {
                claims.insert(attachment.household);
            }
            _ => {}
        }
    }
    if !parts.is_empty() && claims.is_empty() {
        let total: u32 = parts.values().sum();
        let left = 100_u32.saturating_sub(total);
        if left > 0 && !parts.contains_key(&child.household) {
            parts.insert(child.household, left);
        }
        let ambiguous = parts.values().sum::<u32>() != 100;
        return Owing {
            households: parts.into_iter().filter(|(_, part)| *part > 0).map(|(h, part)| (h, Some(part))).collect(),
            ambiguous,
            week_53,
        };
    }
    let households: Vec<HouseholdId> = claims.into_iter().collect();
    match households.as_slice() {
        [] => Owing { week_53, ..alone(child.household) },
        [one] => Owing { week_53, ..alone(*one) },
        several => {
            // Something has to stand on the draft: the child's own household where it is among them.
            let own = several.iter().find(|household| **household == child.household).unwrap_or(&several[0]);
            Owing { ambiguous: true, week_53, ..alone(*own) }
        }
    }
}

/// The households that owe a month's part of a contract that names none: their parts where custody is shared so, else the household that
/// the child lives with on a day, a calendar of alternate days apart.
pub(crate) fn owing_part(child: &Child, day: NaiveDate) -> Vec<(HouseholdId, Option<u32>)> {
    let owing = owing(child, day);
    if owing.households.iter().any(|(_, part)| part.is_some()) {
        return owing.households;
    }
    let lives = |a: &&Attachment| holds(a, day) && a.calendar.is_none() && matches!(a.custody, Custody::Exclusive | Custody::Placement);
    let home = child.attachments.iter().filter(lives).map(|a| a.household).min().unwrap_or(child.household);
    vec![(home, None)]
}

/// Whether a child counts among the children of a household on a day.
pub(crate) fn belongs(child: &Child, household: HouseholdId, day: NaiveDate) -> bool {
    let attached = |a: &Attachment| a.household == household && a.custody != Custody::Visiting && holds(a, day);
    child.household == household || child.attachments.iter().any(attached)
}

fn holds(attachment: &Attachment, day: NaiveDate) -> bool {
    attachment.from.is_none_or(|from| from <= day) && attachment.to.is_none_or(|to| day <= to)
}

fn claims_day(calendar: Option<CustodyCalendar>, pivot: Option<NaiveDate>, day: NaiveDate) -> bool {
    match calendar {
        None => true,
        Some(CustodyCalendar::Weekdays(days)) => days.contains(day.weekday()),
        Some(CustodyCalendar::Dates | CustodyCalendar::Part(_)) => false,
        Some(CustodyCalendar::EvenWeeks) => in_turn(pivot, day, 0),
        Some(CustodyCalendar::OddWeeks) => in_turn(pivot, day, 1),
    }
}

fn in_turn(pivot: Option<NaiveDate>, day: NaiveDate, parity: u32) -> bool {
    match pivot {
        Some(own) => (monday(day) - monday(own)).num_weeks().rem_euclid(2) == 0,
        None => day.iso_week().week() % 2 == parity,
    }
}

fn monday(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(Days::new(u64::from(day.weekday().num_days_from_monday()))).unwrap_or(day)
}

fn counts_weeks(attachment: &Attachment) -> bool {
    let by_parity = matches!(attachment.calendar, Some(CustodyCalendar::EvenWeeks | CustodyCalendar::OddWeeks));
    by_parity && attachment.pivot.is_none()
}

/// Whether a day is in a week 53 or in the week after it: both are odd.
fn is_beside_week_53(day: NaiveDate) -> bool {
    let week_before = day.checked_sub_days(Days::new(7)).unwrap_or(day);
    day.iso_week().week() == 53 || week_before.iso_week().week() == 53
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::calendar::Weekdays;
    use shared::id::ChildId;
    use uuid::Uuid;

    const MOTHER: HouseholdId = HouseholdId(Uuid::from_u128(1));
    const FATHER: HouseholdId = HouseholdId(Uuid::from_u128(2));

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn attachment(household: HouseholdId, calendar: CustodyCalendar) -> Attachment {
        Attachment { household, from: None, to: None, custody: Custody::Alternating, calendar: Some(calendar), pivot: None }
    }

    fn child(attachments: Vec<Attachment>) -> Child {
        let birth_date = day("2020-01-01");
        let (enrolments, contracts, absences, custody_exceptions) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (id, code) = (ChildId::NIL, "E1".into());
        Child { id, code, birth_date, household: MOTHER, attachments, custody_exceptions, enrolments, contracts, absences }
    }

    fn who(child: &Child, date: &str) -> Vec<(HouseholdId, Option<u32>)> {
        owing(child, day(date)).households
    }

    #[test]
    fn even_weeks_are_the_fathers_and_odd_ones_the_mothers() {
        let child = child(vec![attachment(FATHER, CustodyCalendar::EvenWeeks), attachment(MOTHER, CustodyCalendar::OddWeeks)]);
        // ISO week 40 of 2026 starts on 28 September.
        assert_eq!(who(&child, "2026-09-28"), [(FATHER, None)]);
        assert_eq!(who(&child, "2026-10-04"), [(FATHER, None)]);
        assert_eq!(who(&child, "2026-10-05"), [(MOTHER, None)]);
    }

    #[test]
    fn week_53_is_told_and_a_pivot_week_settles_it() {
        let by_number = child(vec![attachment(FATHER, CustodyCalendar::OddWeeks)]);
        for date in ["2026-12-28", "2027-01-04"] {
            assert_eq!(who(&by_number, date), [(FATHER, None)], "weeks 53 and 1 are both odd");
            assert!(owing(&by_number, day(date)).week_53, "{date}");
        }
        assert!(!owing(&by_number, day("2027-01-11")).week_53);
        let mut alternating = attachment(FATHER, CustodyCalendar::OddWeeks);
        alternating.pivot = Some(day("2026-12-30"));
        let by_date = child(vec![alternating]);
        assert_eq!(
            [who(&by_date, "2026-12-28"), who(&by_date, "2027-01-04"), who(&by_date, "2027-01-11")].map(|w| w[0].0),
            [FATHER, MOTHER, FATHER]
        );
        assert!(!owing(&by_date, day("2027-01-04")).week_53);
    }

    #[test]
    fn an_exception_comes_before_any_calendar() {
        let mut child = child(vec![attachment(FATHER, CustodyCalendar::Weekdays(Weekdays::ALL))]);
        child.custody_exceptions.push((day("2026-10-05"), MOTHER));
        assert_eq!(who(&child, "2026-10-05"), [(MOTHER, None)]);
        assert_eq!(who(&child, "2026-10-06"), [(FATHER, None)]);
    }

    #[test]
    fn a_right_of_visit_never_pays() {
        let mut visit = attachment(FATHER, CustodyCalendar::Weekdays(Weekdays::ALL));
        visit.custody = Custody::Visiting;
        assert_eq!(who(&child(vec![visit]), "2026-10-05"), [(MOTHER, None)]);
    }

    #[test]
    fn parts_make_a_whole_with_the_childs_own_household() {
        let halves = child(vec![attachment(FATHER, CustodyCalendar::Part(40))]);
        assert_eq!(who(&halves, "2026-10-05"), [(MOTHER, Some(60)), (FATHER, Some(40))]);
        let too_much = child(vec![attachment(FATHER, CustodyCalendar::Part(60)), attachment(MOTHER, CustodyCalendar::Part(60))]);
        assert!(owing(&too_much, day("2026-10-05")).ambiguous);
    }

    #[test]
    fn two_claims_for_one_day_are_told() {
        let child =
            child(vec![attachment(FATHER, CustodyCalendar::EvenWeeks), attachment(MOTHER, CustodyCalendar::Weekdays(Weekdays::ALL))]);
        let owing = owing(&child, day("2026-09-28"));
        assert!(owing.ambiguous);
        assert_eq!(owing.households, [(MOTHER, None)]);
    }

    #[test]
    fn a_move_to_another_household_holds_from_its_day() {
        let mut moved = attachment(FATHER, CustodyCalendar::Weekdays(Weekdays::ALL));
        (moved.from, moved.to) = (Some(day("2026-10-10")), Some(day("2026-10-20")));
        let child = child(vec![moved]);
        assert_eq!(
            [who(&child, "2026-10-09"), who(&child, "2026-10-10"), who(&child, "2026-10-20"), who(&child, "2026-10-21")].map(|w| w[0].0),
            [MOTHER, FATHER, FATHER, MOTHER]
        );
    }
}
