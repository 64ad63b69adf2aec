//! Many rows at once, in statements that both engines take.

use crate::Result;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, Iterable, ModelTrait};

/// Rows in one INSERT. Past a thousand, nothing is gained.
const ROWS_A_STATEMENT_MAX: usize = 1000;
/// Values in one statement: SQLite takes 32,766, PostgreSQL 65,535.
const VALUES_A_STATEMENT_MAX: usize = 32_000;

/// Inserts rows, in their order.
///
/// # Errors
/// The database's: a key that exists, a reference that doesn't.
pub async fn insert_all<M, C>(on: &C, rows: Vec<M>) -> Result<()>
where
    M: ModelTrait + IntoActiveModel<<M::Entity as EntityTrait>::ActiveModel>,
    <M::Entity as EntityTrait>::ActiveModel: Send,
    C: ConnectionTrait,
{
    let columns = <M::Entity as EntityTrait>::Column::iter().count();
    let rows_a_statement = (VALUES_A_STATEMENT_MAX / columns.max(1)).clamp(1, ROWS_A_STATEMENT_MAX);
    let mut rows = rows.into_iter().map(IntoActiveModel::into_active_model).peekable();
    while rows.peek().is_some() {
        let chunk: Vec<_> = rows.by_ref().take(rows_a_statement).collect();
        M::Entity::insert_many(chunk).exec_without_returning(on).await?;
    }
    Ok(())
}

/// Rewrites rows that exist, all columns but the key, one statement a row: what changed between two imports is little.
///
/// # Errors
/// The database's: a row that is no longer there.
pub async fn update_all<M, C>(on: &C, rows: Vec<M>) -> Result<()>
where
    M: ModelTrait + IntoActiveModel<<M::Entity as EntityTrait>::ActiveModel>,
    <M::Entity as EntityTrait>::ActiveModel: Send,
    C: ConnectionTrait,
{
    for row in rows {
        let active = row.into_active_model().reset_all();
        M::Entity::update(active).exec_without_returning(on).await?;
    }
    Ok(())
}

/// Inserts a row, or rewrites some columns of the one that has its key already.
///
/// # Errors
/// The database's.
pub async fn upsert<M, C, Column>(
    on: &C,
    row: M,
    key: impl IntoIterator<Item = Column>,
    rewritten: impl IntoIterator<Item = Column>,
) -> Result<()>
where
    M: ModelTrait + IntoActiveModel<<M::Entity as EntityTrait>::ActiveModel>,
    M::Entity: EntityTrait<Column = Column>,
    <M::Entity as EntityTrait>::ActiveModel: Send,
    Column: ColumnTrait,
    C: ConnectionTrait,
{
    let known = OnConflict::columns(key).update_columns(rewritten).to_owned();
    M::Entity::insert(row.into_active_model()).on_conflict(known).exec_without_returning(on).await?;
    Ok(())
}
