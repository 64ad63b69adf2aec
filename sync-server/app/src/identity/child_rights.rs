//! Who sees what about a child: the one place that decides (security.md 1).
//!
//! Rights hang on the pair (person, child) and a day. A barring row wins over whatever else is written; presence, places and times
//! need parental authority besides; a confidential household shows them to its own adults only.

use crate::Result;
use crate::store::Territory;
use crate::store::entity::{child, child_right, custody, household, person, pickup_person};
use chrono::NaiveDate;
use sea_orm::{ColumnTrait, Condition, QueryFilter};
use shared::id::{ChildId, PersonId};
use shared::name::folded;
use std::collections::HashSet;
use uuid::Uuid;

const BARRED: &str = "interdite";
const BY_A_COURT: &str = "decision_justice";
const YES: &str = "oui";

/// What a person may know and do about a child on a day. The default is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rights {
    /// Decides for the child.
    pub parental_authority: bool,
    /// Sees that the child is there, where, since when, and who collected.
    pub sees_presence: bool,
    /// Sees the child's lines of bills; times and place on them only with `sees_presence`.
    pub sees_bills: bool,
    /// Books, cancels and announces absences.
    pub may_book: bool,
    /// Must be kept away from the child.
    pub barred: bool,
}

/// A child whom a person has to do with, and what they may know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfChild {
    /// Which.
    pub child: ChildId,
    /// Its first name.
    pub first_name: String,
    /// Its last name.
    pub last_name: String,
    /// What the person may.
    pub rights: Rights,
}

/// The rows that decide about one person and one child, already those of the day.
#[derive(Debug, Clone, Default)]
pub struct Facts<'a> {
    /// The person.
    pub person: Option<&'a person::Model>,
    /// Rows that link the two.
    pub rights: Vec<&'a child_right::Model>,
    /// Rows of the child's that say `interdite`.
    pub barring: Vec<&'a pickup_person::Model>,
    /// The confidential ones among the child's households.
    pub confidential: Vec<Uuid>,
}

/// Decides.
#[must_use]
pub fn decide(facts: &Facts<'_>) -> Rights {
    let Some(person) = facts.person else { return Rights::default() };
    // Several rows of one day: what was written last holds.
    let row = facts.rights.iter().max_by_key(|r| (r.valid_from, r.id));
    let barred = facts.barring.iter().any(|b| bars(b, person));
    let outside = facts.confidential.iter().any(|household| *household != person.household_id);
    let authority = row.is_some_and(|r| r.parental_authority == YES);
    Rights {
        parental_authority: authority,
        sees_presence: row.is_some_and(|r| r.sees_presence) && authority && !barred && !outside,
        sees_bills: row.is_some_and(|r| r.sees_bills),
        may_book: row.is_some_and(|r| r.may_book) && !barred,
        barred,
    }
}

/// Whether a barring row is about a person: by the link, or, where a court decided and nobody linked it, by name and birth date.
/// A parent's word against a namesake is no ground (the import refuses it against a guardian who has authority).
fn bars(row: &pickup_person::Model, person: &person::Model) -> bool {
    match row.person_id {
        Some(id) => id == person.id,
        None => {
            let called = |first: &str, last: &str| folded(&format!("{first} {last}"));
            let said = called(&row.first_name, &row.last_name);
            let named = said == called(&person.first_name, &person.last_name)
                || person.birth_name.as_deref().is_some_and(|last| said == called(&person.first_name, last));
            let other = row.birth_date.zip(person.birth_date).is_some_and(|(a, b)| a != b);
            row.nature.as_deref() == Some(BY_A_COURT) && named && !other
        }
    }
}

/// What a person may know and do about a child on a day; nothing where either isn't of this territoire.
///
/// # Errors
/// The database's.
pub async fn rights_on_child(territory: &Territory<'_>, person: PersonId, child: ChildId, day: NaiveDate) -> Result<Rights> {
    Ok(of_children(territory, person, &[child.0], day).await?.into_iter().next().map(|seen| seen.rights).unwrap_or_default())
}

/// The children whom a person is linked to on a day, by first name, with what they may know of each. A barred one stays in the list:
/// their bills are still owed, and nothing else of theirs is told.
///
/// # Errors
/// The database's.
pub async fn children_of(territory: &Territory<'_>, person: PersonId, day: NaiveDate) -> Result<Vec<OfChild>> {
    let of_person = territory.find::<child_right::Entity>().filter(child_right::Column::PersonId.eq(person.0));
    let rows = of_person.filter(valid(child_right::Column::ValidFrom, child_right::Column::ValidTo, day)).all(&territory.on()).await?;
    let ids: HashSet<Uuid> = rows.into_iter().map(|r| r.child_id).collect();
    of_children(territory, person, &ids.into_iter().collect::<Vec<_>>(), day).await
}

async fn of_children(territory: &Territory<'_>, id: PersonId, ids: &[Uuid], day: NaiveDate) -> Result<Vec<OfChild>> {
    let on = territory.on();
    let ids = || ids.iter().copied();
    let who = territory.find::<person::Entity>().filter(person::Column::Id.eq(id.0)).one(&on).await?;
    let rights = territory.find::<child_right::Entity>().filter(child_right::Column::PersonId.eq(id.0));
    let rights = rights.filter(child_right::Column::ChildId.is_in(ids()));
    let rights = rights.filter(valid(child_right::Column::ValidFrom, child_right::Column::ValidTo, day)).all(&on).await?;
    let barring = barring_rows(territory, pickup_person::Column::ChildId.is_in(ids()), day).await?;
    let homes = territory.find::<custody::Entity>().filter(custody::Column::ChildId.is_in(ids()));
    let homes = homes.filter(valid(custody::Column::ValidFrom, custody::Column::ValidTo, day)).all(&on).await?;
    let confidential = territory.find::<household::Entity>().filter(household::Column::Confidential.eq(true)).all(&on).await?;
    let confidential: HashSet<Uuid> = confidential.into_iter().map(|h| h.id).collect();
    let mut children = territory.find::<child::Entity>().filter(child::Column::Id.is_in(ids())).all(&on).await?;
    children.sort_by_cached_key(|child| (folded(&child.first_name), child.id));
    let of_child = |child: child::Model| {
        let mut households: Vec<Uuid> = homes.iter().filter(|c| c.child_id == child.id).map(|c| c.household_id).collect();
        households.push(child.household_id);
        let facts = Facts {
            person: who.as_ref(),
            rights: rights.iter().filter(|r| r.child_id == child.id).collect(),
            barring: barring.iter().filter(|b| b.child_id == child.id).collect(),
            confidential: households.into_iter().filter(|h| confidential.contains(h)).collect(),
        };
        OfChild { child: ChildId(child.id), rights: decide(&facts), first_name: child.first_name, last_name: child.last_name }
    };
    Ok(children.into_iter().map(of_child).collect())
}

/// The children whom a person is barred from on a day, in their order: a session remembers them, and ends when one comes to it.
///
/// # Errors
/// The database's.
pub async fn barred_from(territory: &Territory<'_>, id: PersonId, day: NaiveDate) -> Result<Vec<Uuid>> {
    let Some(who) = territory.find::<person::Entity>().filter(person::Column::Id.eq(id.0)).one(&territory.on()).await? else {
        return Ok(Vec::new());
    };
    let rights = territory.find::<child_right::Entity>().filter(child_right::Column::PersonId.eq(id.0)).all(&territory.on()).await?;
    let linked = Condition::any()
        .add(pickup_person::Column::PersonId.eq(id.0))
        .add(pickup_person::Column::ChildId.is_in(rights.into_iter().map(|r| r.child_id)));
    let rows = barring_rows(territory, linked, day).await?;
    let mut children: Vec<Uuid> = rows.iter().filter(|row| bars(row, &who)).map(|row| row.child_id).collect();
    children.sort();
    children.dedup();
    Ok(children)
}

async fn barring_rows(
    territory: &Territory<'_>,
    about: impl sea_orm::sea_query::IntoCondition,
    day: NaiveDate,
) -> Result<Vec<pickup_person::Model>> {
    let rows = territory.find::<pickup_person::Entity>().filter(about).filter(pickup_person::Column::Status.eq(BARRED));
    let rows = rows.filter(valid(pickup_person::Column::ValidFrom, pickup_person::Column::ValidTo, day));
    Ok(rows.all(&territory.on()).await?)
}

/// Both days included; an empty end is open.
fn valid(from: impl ColumnTrait, to: impl ColumnTrait, day: NaiveDate) -> Condition {
    Condition::all().add(Condition::any().add(from.is_null()).add(from.lte(day))).add(Condition::any().add(to.is_null()).add(to.gte(day)))
}
