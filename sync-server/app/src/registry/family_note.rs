//! What a family tells the team about one day, in a few words: "Mamie vient à 17 h". One a day, child and author.
//!
//! Told to the tablets of the sites that know the child, from the day it is written to the day that it is about, and deleted some days
//! later: no file is made of it.

use crate::app::App;
use crate::store::entity::{family_note, roster_item, site};
use crate::store::{Territory, insert_all};
use crate::sync::publish::mark_moved;
use crate::sync::roster::{DAYS_AFTER, DAYS_BEFORE};
use crate::{Error, Result};
use chrono::{Days, NaiveDate};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use shared::calendar::Instant;
use shared::id::{PersonId, SiteId};
use shared::roster::NOTE_LETTERS_MAX;
use uuid::Uuid;

/// How many days ahead a note may be about: as far as tablets know.
pub const DAYS_AHEAD: u64 = DAYS_AFTER;
/// How long a note outlives its day, in days.
const KEPT_DAYS: u64 = DAYS_BEFORE;

/// What was typed, without what belongs in no sentence.
///
/// # Errors
/// Nothing, or more than [`NOTE_LETTERS_MAX`] letters.
pub fn words(typed: &str) -> Result<String> {
    let text: String = typed.replace("\r\n", "\n").chars().filter(|c| !c.is_control() || *c == '\n').collect();
    let text = text.trim().to_owned();
    match text.chars().count() {
        0 => Err(Error::input("Écrivez votre mot.")),
        letters if letters > NOTE_LETTERS_MAX => {
            Err(Error::input(format!("Votre mot fait {letters} caractères : {NOTE_LETTERS_MAX} au plus.")))
        }
        _ => Ok(text),
    }
}

/// An author's notes about a child, from a day on, in their order.
///
/// # Errors
/// The database's.
pub async fn written(territory: &Territory<'_>, child: Uuid, by: PersonId, from: NaiveDate) -> Result<Vec<family_note::Model>> {
    let of_child = territory.find::<family_note::Entity>().filter(family_note::Column::ChildId.eq(child));
    let theirs = of_child.filter(family_note::Column::PersonId.eq(by.0)).filter(family_note::Column::Day.gte(from));
    Ok(theirs.order_by_asc(family_note::Column::Day).all(&territory.on()).await?)
}

/// Writes an author's note about a day, in place of an earlier one, or takes it back; and has the tablets told that know the child.
///
/// # Errors
/// The database's.
pub async fn write(territory: &Territory<'_>, child: Uuid, by: PersonId, day: NaiveDate, text: Option<String>, now: Instant) -> Result<()> {
    let on = territory.on();
    let of_child = territory.delete::<family_note::Entity>().filter(family_note::Column::ChildId.eq(child));
    let one = of_child.filter(family_note::Column::PersonId.eq(by.0)).filter(family_note::Column::Day.eq(day));
    one.exec(&on).await?;
    let row = |text| family_note::Model {
        territoire_id: territory.id().0,
        child_id: child,
        day,
        person_id: by.0,
        text,
        written_at_ms: now.timestamp_millis(),
    };
    insert_all(&on, text.into_iter().map(row).collect()).await?;
    for site in sites_that_know(territory, child).await? {
        mark_moved(territory, site, now).await?;
    }
    Ok(())
}

/// Deletes all notes about a child.
///
/// # Errors
/// The database's.
pub async fn forget(territory: &Territory<'_>, child: Uuid) -> Result<()> {
    territory.delete::<family_note::Entity>().filter(family_note::Column::ChildId.eq(child)).exec(&territory.on()).await?;
    Ok(())
}

/// Deletes those whose day is long over.
///
/// # Errors
/// The database's.
pub async fn purge(app: &App) -> Result<()> {
    let transaction = app.db.begin().await?;
    let territory = Territory::new(app.territoire(), &transaction);
    let over = family_note::Column::Day.lt(app.clock.today() - Days::new(KEPT_DAYS));
    territory.delete::<family_note::Entity>().filter(over).exec(&territory.on()).await?;
    transaction.commit().await?;
    Ok(())
}

/// Sites whose tablets were told of a child.
async fn sites_that_know(territory: &Territory<'_>, child: Uuid) -> Result<Vec<SiteId>> {
    let on = territory.on();
    // Named, so that the key of the table finds them.
    let sites: Vec<Uuid> = territory.find::<site::Entity>().all(&on).await?.into_iter().map(|row| row.id).collect();
    let told = territory.find::<roster_item::Entity>().filter(roster_item::Column::SiteId.is_in(sites));
    let told = told.filter(roster_item::Column::ItemKey.eq(format!("child:{child}")));
    let found: Vec<Uuid> = told.select_only().column(roster_item::Column::SiteId).into_tuple().all(&on).await?;
    Ok(found.into_iter().map(SiteId).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_says_something_in_three_hundred_letters_at_most() {
        assert_eq!(words(" Mamie\u{0} vient\r\nà 17 h ").unwrap(), "Mamie vient\nà 17 h");
        assert!(words(" \n ").is_err());
        assert!(words(&"é".repeat(NOTE_LETTERS_MAX)).is_ok() && words(&"é".repeat(NOTE_LETTERS_MAX + 1)).is_err());
    }
}
