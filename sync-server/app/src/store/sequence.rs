//! Numbers without holes: raised under the lock of their row, in the transaction that uses them.

use crate::store::Tenant;
use crate::store::entity::number_sequence as row;
use crate::{Error, Result};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use uuid::Uuid;

/// Raises a sequence and gives its new last number. Raised by nothing, it only takes the row's lock until the transaction ends.
///
/// # Errors
/// The database's.
pub async fn raise_sequence(tenant: &Tenant<'_>, regie: Uuid, exercise: i32, kind: &str, count: i64) -> Result<i64> {
    let on = tenant.on();
    let first = row::Model { organisation_id: tenant.id().0, regie_id: regie, exercise, kind: kind.to_owned(), last_number: 0 };
    let key = [row::Column::OrganisationId, row::Column::RegieId, row::Column::Exercise, row::Column::Kind];
    let known = OnConflict::columns(key).do_nothing().to_owned();
    row::Entity::insert(first.into_active_model()).on_conflict(known).exec_without_returning(&on).await?;
    let of_sequence = row::Column::RegieId.eq(regie).and(row::Column::Exercise.eq(exercise)).and(row::Column::Kind.eq(kind));
    let raised = Expr::col(row::Column::LastNumber).add(count);
    tenant.update::<row::Entity>().col_expr(row::Column::LastNumber, raised).filter(of_sequence.clone()).exec(&on).await?;
    let now = tenant.find::<row::Entity>().filter(of_sequence).one(&on).await?;
    Ok(now.ok_or_else(|| Error::Unavailable("La suite des numéros a disparu.".into()))?.last_number)
}
