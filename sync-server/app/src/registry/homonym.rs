//! Whether a row of `personnes.csv` and an adult known elsewhere may be one person.
//!
//! A barring that names nobody by code must not leave its person among those who may take the child: the same name is the
//! same person, unless both birth dates are known and differ.

use crate::store::entity::{person, pickup_person};
use chrono::NaiveDate;
use shared::name::folded;

/// A name as compared: its words in any order, since forms swap first and last names.
#[must_use]
pub fn name_key(first_name: &str, last_name: &str) -> String {
    let folded = folded(&format!("{first_name} {last_name}"));
    let mut words: Vec<&str> = folded.split(' ').collect();
    words.sort_unstable();
    words.join(" ")
}

/// Both known and different: somebody else.
fn born_apart(one: Option<NaiveDate>, other: Option<NaiveDate>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one != other)
}

/// Whether a row may be about a guardian, by the name used or the name at birth.
#[must_use]
pub fn is_guardian(row: &pickup_person::Model, guardian: &person::Model) -> bool {
    let named = name_key(&row.first_name, &row.last_name);
    let known = |last_name: &str| name_key(&guardian.first_name, last_name) == named;
    let same = known(&guardian.last_name) || guardian.birth_name.as_deref().is_some_and(known);
    same && !born_apart(row.birth_date, guardian.birth_date)
}

/// Whether two rows about one child may be about one person.
#[must_use]
pub fn is_same(row: &pickup_person::Model, other: &pickup_person::Model) -> bool {
    let same = row.child_id == other.child_id && name_key(&row.first_name, &row.last_name) == name_key(&other.first_name, &other.last_name);
    same && !born_apart(row.birth_date, other.birth_date)
}
