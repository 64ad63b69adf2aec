//! The one door to the database.
//!
//! Owns the connections ([`Db`]), the tables and their history ([`migrator`], [`entity`]), and the handles through
//! which every query goes: [`Territory`] for what the whole guichet shares, [`Tenant`] for what is one organisation's.
//! Promises that a query made through a handle never sees another organisation's rows, and that one database is
//! written by one connection at a time on SQLite.

mod bulk;
mod changes;
mod db;
pub mod entity;
pub mod migrator;
mod scope;
mod sequence;

pub use bulk::{insert_all, update_all, upsert};
pub use changes::{Change, lock_site, number_changes, record_changes};
pub use db::{Db, Engine, POOL_SIZE_MAX, without_password};
pub use scope::{Kin, OfOrganisation, OfTerritoire, Tenant, Territory};
pub use sequence::raise_sequence;

use crate::{Error, Result};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use shared::calendar::Instant;
use uuid::Uuid;

/// The key of the only row of table `installation`: a database is one installation.
pub const THE_ONE: i32 = 1;

/// Random bytes from the system.
///
/// # Errors
/// Where the system gives none: nothing that needs a secret or an id may go on.
pub fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Error::Unavailable(format!("Le système ne donne pas d'aléa : {error}")))?;
    Ok(bytes)
}

/// A new id.
///
/// # Errors
/// As [`random`].
pub fn new_id(now: Instant) -> Result<Uuid> {
    Ok(shared::id::uuid_v7(now.timestamp_millis(), random()?))
}

/// Takes the lock of the audit's book until the transaction ends: two lines never share a number. SQLite has one writer anyway.
///
/// # Errors
/// The database's.
pub async fn lock_audit(territory: &Territory<'_>) -> Result<()> {
    entity::installation::Entity::find_by_id(THE_ONE).lock_exclusive().one(&territory.on()).await?;
    Ok(())
}

/// Waits until no other transaction that asked for it is under way: two imports at once would each insert what the other
/// is inserting. SQLite's single writer needs no more, PostgreSQL holds the territoire's row.
///
/// # Errors
/// The database's.
pub async fn lock_territoire(territory: &Territory<'_>) -> Result<()> {
    use entity::territoire;
    let unchanged = territoire::Entity::update_many().col_expr(territoire::Column::Name, Expr::col(territoire::Column::Name));
    unchanged.filter(territoire::Column::Id.eq(territory.id().0)).exec(&territory.on()).await?;
    Ok(())
}

/// The installation that a database is, if it is one already.
///
/// # Errors
/// The database's.
pub async fn installation(db: &Db) -> Result<Option<entity::installation::Model>> {
    Ok(entity::installation::Entity::find_by_id(THE_ONE).one(db.read()).await?)
}

/// Enters or ends the reprise; a restore also gives the server a new epoch.
///
/// # Errors
/// The database's.
pub async fn set_reprise(on: &sea_orm::DatabaseTransaction, reprise: bool, new_epoch: Option<Vec<u8>>) -> Result<()> {
    use entity::installation;
    let mut change = installation::Entity::update_many().col_expr(installation::Column::Reprise, Expr::value(reprise));
    if let Some(epoch) = new_epoch {
        change = change.col_expr(installation::Column::ServerEpoch, Expr::value(epoch));
    }
    change.filter(installation::Column::Id.eq(THE_ONE)).exec(on).await?;
    Ok(())
}
