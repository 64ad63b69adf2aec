//! Codes of four to six digits that are typed at a tablet: which may be chosen, and what an adult's comes to.
//!
//! A code names somebody at a watched door and opens nothing of the portal or the office. The server keeps an Argon2id hash, and never
//! shows a code again.

use crate::identity::password::Password;
use crate::store::entity::{child_right, door_code, person, pickup_person, roster_item, site};
use crate::store::{Territory, insert_all};
use crate::sync::publish::mark_moved;
use crate::{Error, Result};
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect};
use shared::calendar::Instant;
use shared::id::SiteId;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Digits of a code.
const DIGITS: std::ops::RangeInclusive<usize> = 4..=6;
/// Digits of a telephone that are typed before the code.
const TELEPHONE_DIGITS: usize = 4;

/// A code that somebody chose; empty: none.
///
/// # Errors
/// Other than digits, too few or too many of them, or a code that is among the first to be tried.
pub fn chosen(typed: &str) -> Result<Option<Password>> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(None);
    }
    if !typed.bytes().all(|b| b.is_ascii_digit()) || !DIGITS.contains(&typed.len()) {
        return Err(Error::input("Un code a 4 à 6 chiffres, et rien d’autre."));
    }
    let steps: Vec<i16> = typed.as_bytes().windows(2).map(|two| i16::from(two[1]) - i16::from(two[0])).collect();
    if steps.windows(2).all(|two| two[0] == two[1]) && matches!(steps.first(), Some(-1..=1)) {
        return Err(Error::input("Ce code est parmi les premiers qu’on essaie (1234, 0000…) : choisissez-en un autre."));
    }
    Ok(Some(Password::typed(typed)))
}

/// The last four digits of a telephone, however it is written; `None` of one without so many.
#[must_use]
pub fn telephone_end(telephone: &str) -> Option<String> {
    let digits: String = telephone.chars().filter(char::is_ascii_digit).collect();
    Some(digits[digits.len().checked_sub(TELEPHONE_DIGITS)?..].to_owned())
}

/// Refuses a code to an adult whose telephone nobody could type before it.
///
/// # Errors
/// No telephone, or one of fewer than four digits.
pub fn must_have_telephone(person: &person::Model) -> Result<()> {
    match person.phone.as_deref().and_then(telephone_end) {
        Some(_) => Ok(()),
        None => Err(Error::input(
            "Sans numéro de téléphone, un code ne sert à rien : la tablette demande d’abord ses quatre derniers chiffres.",
        )),
    }
}

/// When an adult's code was set; `None` without one.
///
/// # Errors
/// The database's.
pub async fn set_at_ms(territory: &Territory<'_>, person: Uuid) -> Result<Option<i64>> {
    let row = territory.find::<door_code::Entity>().filter(door_code::Column::PersonId.eq(person)).one(&territory.on()).await?;
    Ok(row.map(|row| row.set_at_ms))
}

/// Sets an adult's code, or takes it away, and has the tablets told that know this adult.
///
/// # Errors
/// The database's.
pub async fn set(territory: &Territory<'_>, person: Uuid, hash: Option<String>, now: Instant) -> Result<()> {
    let on = territory.on();
    territory.delete::<door_code::Entity>().filter(door_code::Column::PersonId.eq(person)).exec(&on).await?;
    let row = |hash| door_code::Model { territoire_id: territory.id().0, person_id: person, hash, set_at_ms: now.timestamp_millis() };
    insert_all(&on, hash.into_iter().map(row).collect()).await?;
    for site in sites_that_know(territory, person).await? {
        mark_moved(territory, site, now).await?;
    }
    Ok(())
}

/// Sites whose tablets were told of an adult, by what they were told.
async fn sites_that_know(territory: &Territory<'_>, person: Uuid) -> Result<BTreeSet<SiteId>> {
    let on = territory.on();
    let rights = territory.find::<child_right::Entity>().filter(child_right::Column::PersonId.eq(person)).all(&on).await?;
    let pickups = territory.find::<pickup_person::Entity>().filter(pickup_person::Column::PersonId.eq(person)).all(&on).await?;
    let children: BTreeSet<Uuid> = rights.into_iter().map(|row| row.child_id).chain(pickups.into_iter().map(|row| row.child_id)).collect();
    // Named, so that the key of the table finds them.
    let sites: Vec<Uuid> = territory.find::<site::Entity>().all(&on).await?.into_iter().map(|row| row.id).collect();
    let told = territory.find::<roster_item::Entity>().filter(roster_item::Column::SiteId.is_in(sites));
    let told = told.filter(roster_item::Column::ItemKey.is_in(children.iter().map(|child| format!("adult:{child}:{person}"))));
    let found: Vec<Uuid> = told.select_only().column(roster_item::Column::SiteId).into_tuple().all(&on).await?;
    Ok(found.into_iter().map(SiteId).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_four_to_six_digits_and_is_not_among_the_first_that_are_tried() {
        for typed in ["", "  "] {
            assert!(matches!(chosen(typed), Ok(None)), "{typed:?}");
        }
        for typed in ["4711", " 90210 ", "195207"] {
            assert!(matches!(chosen(typed), Ok(Some(_))), "{typed:?}");
        }
        for typed in ["471", "4711471", "47 11", "47a1", "１２３４", "-471", "0000", "1234", "4321", "987654", "222222"] {
            assert!(chosen(typed).is_err(), "{typed:?}");
        }
    }

    #[test]
    fn a_telephone_ends_the_same_however_it_is_written() {
        for written in ["06 12 34 56 78", "+33 6 12 34 56 78", "0612345678", "06.12.34.56.78 (bureau)"] {
            assert_eq!(telephone_end(written).as_deref(), Some("5678"), "{written}");
        }
        assert_eq!((telephone_end(""), telephone_end("poste 12")), (None, None));
    }
}
