//! The care card of each child: what to know, what to do, and whom to call.
//!
//! Every child has one, whether or not there is anything to know of its health: a child who falls needs a number to call. Nobody who is
//! barred stands on it, be it later in the window only, nor a number that a household keeps to itself.

use crate::store::entity::{child, child_right, person};
use crate::sync::roster::People;
use crate::sync::roster_parts::{barred_of, is_barred_by_name, telephone};
use chrono::NaiveDate;
use shared::id::{ChildId, PersonId};
use shared::roster::{Adult, AdultStatus, Care, Contact, Item};
use std::collections::{BTreeMap, HashSet};
use uuid::Uuid;

/// What a contact is sorted by: the order to call in, those of the child's own home first, then the name.
type Turn = (u32, bool, String, String, PersonId);

/// The cards of all children, on a day. `adults`: those that the tablet is told of, one a child and person.
pub(super) fn cards(people: &People, adults: &[Item], today: NaiveDate) -> Vec<Item> {
    let mut by_child: BTreeMap<Uuid, Vec<&Adult>> = BTreeMap::new();
    for item in adults {
        if let Item::Adult(adult) = item {
            by_child.entry(adult.child.0).or_default().push(adult);
        }
    }
    let card = |row: &child::Model| {
        let written = |text: &Option<String>| text.as_deref().unwrap_or_default().trim().to_owned();
        Item::Care(Care {
            child: ChildId(row.id),
            allergies: written(&row.allergies),
            plan: written(&row.care_plan),
            contacts: contacts(row, people, by_child.get(&row.id).map_or(&[], Vec::as_slice), today),
        })
    };
    people.children.iter().map(card).collect()
}

/// Guardians, whether or not they may take the child, then whoever else may and has a number.
fn contacts(row: &child::Model, people: &People, adults: &[&Adult], today: NaiveDate) -> Vec<Contact> {
    let is_at_home = |person: Uuid| people.persons.get(&person).is_some_and(|p| p.household_id == row.household_id);
    let barred: HashSet<PersonId> = adults.iter().filter(|a| a.status == AdultStatus::Barred).map(|a| a.person).collect();
    let guardians: Vec<(&child_right::Model, &person::Model)> = guardians(row, people, today).collect();
    let answers = |person: PersonId| guardians.iter().any(|(_, p)| p.id == person.0);
    let mut turns: BTreeMap<Turn, Contact> = BTreeMap::new();
    let mut add = |rank: u32, person: PersonId, first_name: &str, last_name: &str, link: &str, telephone: String| {
        let turn = (rank, !is_at_home(person.0), last_name.to_owned(), first_name.to_owned(), person);
        turns.insert(turn, Contact { name: format!("{first_name} {last_name}"), link: link.to_owned(), telephone });
    };
    let holds = |a: &&&Adult| a.from.is_none_or(|from| from <= today) && a.to.is_none_or(|to| today <= to);
    for adult in adults.iter().filter(|a| a.status != AdultStatus::Barred).filter(holds) {
        if answers(adult.person) || !adult.telephone.is_empty() {
            add(adult.rank, adult.person, &adult.first_name, &adult.last_name, &adult.link, adult.telephone.clone());
        }
    }
    let told = |person: Uuid| adults.iter().filter(holds).any(|a| a.person.0 == person);
    for (right, person) in guardians.iter().filter(|(_, p)| !told(p.id) && !barred.contains(&PersonId(p.id))) {
        let link = right.link.as_deref().unwrap_or_default();
        add(0, PersonId(person.id), &person.first_name, &person.last_name, link, telephone(person, people));
    }
    turns.into_values().collect()
}

/// Those who have parental authority on a day, but for whoever is barred under the same name.
fn guardians<'p>(
    row: &child::Model,
    people: &'p People,
    today: NaiveDate,
) -> impl Iterator<Item = (&'p child_right::Model, &'p person::Model)> {
    let (child, barred) = (row.id, barred_of(people));
    let holds = move |r: &&child_right::Model| {
        let dated = r.valid_from.is_none_or(|from| from <= today) && r.valid_to.is_none_or(|to| today <= to);
        r.child_id == child && r.parental_authority == "oui" && dated
    };
    let with_person = |r: &'p child_right::Model| Some((r, people.persons.get(&r.person_id)?));
    people.rights.iter().filter(holds).filter_map(with_person).filter(move |(r, p)| !is_barred_by_name(&barred, r, p))
}
