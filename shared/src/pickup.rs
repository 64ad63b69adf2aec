//! Who may take a child on a day: one rule for the tablet at the door, and for the paper that stands in for it.
//!
//! One human being is often typed twice, and the bar must win: nobody is allowed who is barred by another row, be it that of another
//! person of the same name.

use crate::id::PersonId;
use crate::name::folded;
use crate::roster::{Adult, AdultStatus};
use chrono::{Datelike, NaiveDate};
use std::collections::HashSet;

/// Whether a row holds on a day: its dates and its days of the week. Not its hour, which the door compares with its own.
#[must_use]
pub fn holds(adult: &Adult, day: NaiveDate) -> bool {
    let dated = adult.from.is_none_or(|d| d <= day) && adult.to.is_none_or(|d| day <= d);
    dated && (adult.weekdays.is_empty() || adult.weekdays.contains(day.weekday()))
}

/// A name to compare: "karim benali".
#[must_use]
pub fn compared_name(adult: &Adult) -> String {
    folded(&format!("{} {}", adult.first_name, adult.last_name))
}

/// Of the rows of one child, those who may take it on a day, one row a person, in the order given.
#[must_use]
pub fn allowed<'a>(rows: impl IntoIterator<Item = &'a Adult>, day: NaiveDate) -> Vec<&'a Adult> {
    let (barred, others): (Vec<&Adult>, Vec<&Adult>) =
        rows.into_iter().filter(|adult| holds(adult, day)).partition(|adult| adult.status == AdultStatus::Barred);
    let persons: HashSet<PersonId> = barred.iter().map(|adult| adult.person).collect();
    let names: HashSet<String> = barred.iter().map(|adult| compared_name(adult)).collect();
    let mut seen = HashSet::new();
    let may = |adult: &&Adult| !persons.contains(&adult.person) && !names.contains(&compared_name(adult)) && seen.insert(adult.person);
    others.into_iter().filter(may).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Weekdays;
    use crate::id::ChildId;
    use uuid::Uuid;

    fn adult(person: u128, name: (&str, &str), status: AdultStatus) -> Adult {
        Adult {
            person: PersonId(Uuid::from_u128(person)),
            child: ChildId(Uuid::from_u128(1)),
            first_name: name.0.into(),
            last_name: name.1.into(),
            link: String::new(),
            status,
            weekdays: Weekdays::default(),
            not_before: None,
            identity_check: false,
            from: None,
            to: None,
            rank: 0,
            telephone: String::new(),
            photo: None,
        }
    }

    fn persons(rows: &[Adult], day: &str) -> Vec<u128> {
        allowed(rows, day.parse().unwrap()).into_iter().map(|a| a.person.0.as_u128()).collect()
    }

    #[test]
    fn a_bar_wins_over_another_row_of_the_person_and_of_the_name() {
        let rows = [
            adult(1, ("Claire", "Martin"), AdultStatus::Authorised),
            adult(2, ("Karim", "Benali"), AdultStatus::Barred),
            adult(2, ("Karim", "Benali"), AdultStatus::Authorised),
            adult(3, ("KARIM", "Bénali"), AdultStatus::Restricted),
            adult(1, ("Claire", "Martin"), AdultStatus::Restricted),
        ];
        assert_eq!(persons(&rows, "2026-10-14"), [1], "and one row a person");
    }

    #[test]
    fn a_row_holds_on_its_days() {
        let mut rows = [adult(1, ("Odette", "Morin"), AdultStatus::Authorised)];
        (rows[0].from, rows[0].to) = ("2026-10-14".parse().ok(), "2026-10-15".parse().ok());
        assert_eq!((persons(&rows, "2026-10-13"), persons(&rows, "2026-10-15"), persons(&rows, "2026-10-16")), (vec![], vec![1], vec![]));
    }
}
