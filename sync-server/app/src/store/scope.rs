//! The handles that every query goes through.
//!
//! A [`Tenant`] finds, updates and deletes rows of one organisation only; a [`Territory`] rows of one territoire. Their
//! `find::<E>()` is SeaORM's, already narrowed; the raw `Entity::find()` stays inside this folder (a test holds it).

use crate::store::entity::{
    account_role, booking, booking_event, centre, child, clock_observation, commune, contract, custody, dossier, dossier_child, enrolment,
    household, import_run, invoice, journal_payload, organisation, payment, site,
};
use crate::{Error, Result};
use chrono::NaiveDate;
use sea_orm::sea_query::{Expr, ExprTrait, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, DatabaseConnection, DatabaseExecutor, DatabaseTransaction, DeleteMany, EntityTrait, QueryFilter, QuerySelect,
    QueryTrait, Select, UpdateMany,
};
use shared::id::{AccountId, OrganisationId, TerritoireId};
use std::collections::BTreeSet;
use uuid::Uuid;

/// A table whose rows belong to a territoire.
pub trait OfTerritoire: EntityTrait {
    /// The column that says which.
    fn scope() -> Self::Column;
}

/// A table whose rows belong to one organisation.
pub trait OfOrganisation: EntityTrait {
    /// The column that says which.
    fn scope() -> Self::Column;
}

/// What a handle's queries run on.
#[derive(Debug, Clone, Copy)]
enum On<'c> {
    Pool(&'c DatabaseConnection),
    Transaction(&'c DatabaseTransaction),
}

impl<'c> From<&'c DatabaseConnection> for On<'c> {
    fn from(pool: &'c DatabaseConnection) -> Self {
        Self::Pool(pool)
    }
}
impl<'c> From<&'c DatabaseTransaction> for On<'c> {
    fn from(transaction: &'c DatabaseTransaction) -> Self {
        Self::Transaction(transaction)
    }
}

/// What the whole guichet shares: persons, households, places, devices.
#[derive(Debug, Clone, Copy)]
pub struct Territory<'c> {
    id: TerritoireId,
    on: On<'c>,
}

impl<'c> Territory<'c> {
    /// A handle on a territoire, over the reading pool or within a transaction.
    pub fn new(id: TerritoireId, on: impl Into<Connection<'c>>) -> Self {
        Self { id, on: on.into().0 }
    }

    /// Which territoire.
    #[must_use]
    pub fn id(&self) -> TerritoireId {
        self.id
    }

    /// What to run a query on.
    #[must_use]
    pub fn on(&self) -> DatabaseExecutor<'c> {
        match self.on {
            On::Pool(pool) => pool.into(),
            On::Transaction(transaction) => transaction.into(),
        }
    }

    /// Rows of a table of this territoire.
    #[must_use]
    pub fn find<E: OfTerritoire>(&self) -> Select<E> {
        E::find().filter(E::scope().eq(self.id.0))
    }

    /// An update of rows of this territoire.
    #[must_use]
    pub fn update<E: OfTerritoire>(&self) -> UpdateMany<E> {
        E::update_many().filter(E::scope().eq(self.id.0))
    }

    /// A deletion of rows of this territoire.
    #[must_use]
    pub fn delete<E: OfTerritoire>(&self) -> DeleteMany<E> {
        E::delete_many().filter(E::scope().eq(self.id.0))
    }

    /// The organisations, by code.
    ///
    /// # Errors
    /// The database's.
    pub async fn organisations(&self) -> Result<Vec<organisation::Model>> {
        let mut all = self.find::<organisation::Entity>().all(&self.on()).await?;
        all.sort_by(|a, b| a.code.cmp(&b.code));
        Ok(all)
    }

    /// The roles of an account in every organisation of this territoire: which desks open to it is asked before any is.
    #[must_use]
    pub fn roles_of(&self, account: AccountId) -> Select<account_role::Entity> {
        let own = account_role::Entity::find().filter(account_role::Column::TerritoireId.eq(self.id.0));
        own.filter(account_role::Column::AccountId.eq(account.0))
    }

    /// Rows of an organisation's table in every organisation of this territoire: a family's own page, which narrows them to what its
    /// person may see (`territory.across::<invoice::Entity>(invoice::Column::TerritoireId)`), and a building's lieux. No desk asks this way.
    #[must_use]
    pub fn across<E: OfOrganisation>(&self, territoire_column: E::Column) -> Select<E> {
        E::find().filter(territoire_column.eq(self.id.0))
    }

    /// Payments of every organisation of this territoire: who comes back from PayFiP names a payment, and not whose it is.
    #[must_use]
    pub fn payments(&self) -> Select<payment::Entity> {
        payment::Entity::find().filter(payment::Column::TerritoireId.eq(self.id.0))
    }

    /// Issued bills of every organisation of this territoire: a family has bills of several.
    #[must_use]
    pub fn invoices(&self) -> Select<invoice::Entity> {
        invoice::Entity::find().filter(invoice::Column::TerritoireId.eq(self.id.0))
    }

    /// The handle of one organisation.
    #[must_use]
    pub fn tenant(&self, organisation: OrganisationId) -> Tenant<'c> {
        Tenant { territory: *self, id: organisation }
    }

    /// The organisation that a command is about: by its code, or the only one.
    ///
    /// # Errors
    /// None of that code; several and no code.
    pub async fn organisation(&self, code: Option<&str>) -> Result<organisation::Model> {
        let mut all = self.organisations().await?;
        match code {
            Some(code) => all.into_iter().find(|o| o.code == code).ok_or_else(|| Error::NotFound(format!("Collectivité « {code} »"))),
            None if all.len() == 1 => Ok(all.remove(0)),
            None if all.is_empty() => Err(Error::input("Aucune collectivité : commencez par « preau-server import ».")),
            None => {
                let codes: Vec<String> = all.into_iter().map(|o| o.code).collect();
                Err(Error::input(format!("Plusieurs collectivités ({}) : précisez --organisation CODE.", codes.join(", "))))
            }
        }
    }
}

/// What a handle can be made over; public so that callers may pass either kind of connection.
pub struct Connection<'c>(On<'c>);

impl<'c> From<&'c DatabaseConnection> for Connection<'c> {
    fn from(pool: &'c DatabaseConnection) -> Self {
        Self(pool.into())
    }
}
impl<'c> From<&'c DatabaseTransaction> for Connection<'c> {
    fn from(transaction: &'c DatabaseTransaction) -> Self {
        Self(transaction.into())
    }
}

/// A household and its children, found to be an organisation's.
#[derive(Debug, Clone)]
pub struct Kin {
    home: Uuid,
    children: Vec<Uuid>,
}

impl Kin {
    /// Its linked children.
    #[must_use]
    pub fn children(&self) -> &[Uuid] {
        &self.children
    }
}

/// What is one organisation's: activities, bookings, tariffs, staff, and the persons that an enrolment links to it.
#[derive(Debug, Clone, Copy)]
pub struct Tenant<'c> {
    territory: Territory<'c>,
    id: OrganisationId,
}

impl<'c> Tenant<'c> {
    /// Which organisation.
    #[must_use]
    pub fn id(&self) -> OrganisationId {
        self.id
    }

    /// Which territoire it is of.
    #[must_use]
    pub fn territoire(&self) -> TerritoireId {
        self.territory.id
    }

    /// What to run a query on.
    #[must_use]
    pub fn on(&self) -> DatabaseExecutor<'c> {
        self.territory.on()
    }

    /// Rows of a table of this organisation.
    #[must_use]
    pub fn find<E: OfOrganisation>(&self) -> Select<E> {
        E::find().filter(E::scope().eq(self.id.0))
    }

    /// An update of rows of this organisation.
    #[must_use]
    pub fn update<E: OfOrganisation>(&self) -> UpdateMany<E> {
        E::update_many().filter(E::scope().eq(self.id.0))
    }

    /// A deletion of rows of this organisation.
    #[must_use]
    pub fn delete<E: OfOrganisation>(&self) -> DeleteMany<E> {
        E::delete_many().filter(E::scope().eq(self.id.0))
    }

    /// The children that this organisation has to do with: by an enrolment, a contract, a booking, a presence at one of
    /// its lieux, or a dossier that waits for its answer. It sees no other.
    #[must_use]
    pub fn children(&self) -> Select<child::Entity> {
        self.territory.find::<child::Entity>().filter(self.linked(child::Column::Id))
    }

    /// The households of those children, by their own row or by a dated custody.
    #[must_use]
    pub fn households(&self) -> Select<household::Entity> {
        let own = self.children().select_only().column(child::Column::HouseholdId).into_query();
        self.territory.find::<household::Entity>().filter(
            Condition::any().add(household::Column::Id.in_subquery(own)).add(household::Column::Id.in_subquery(self.custody_households())),
        )
    }

    /// A household of this organisation by its code, with its linked children, by their own row or by custody. What hangs on them is then
    /// found by their ids ([`Self::of_kin`], [`Self::of_home`]): to ask again who is linked would walk through a month for one family.
    ///
    /// # Errors
    /// None of that code here; the database's.
    pub async fn kin(&self, code: &str) -> Result<Kin> {
        let on = self.on();
        let nobody = || Error::NotFound(format!("Foyer « {code} »"));
        let home = self.territory.find::<household::Entity>().filter(household::Column::Code.eq(code)).one(&on).await?;
        let home = home.ok_or_else(nobody)?.id;
        let own = self.children().filter(child::Column::HouseholdId.eq(home)).select_only().column(child::Column::Id);
        let mut children: BTreeSet<Uuid> = own.into_tuple::<Uuid>().all(&on).await?.into_iter().collect();
        let stays = self.about_children::<custody::Entity>(custody::Column::ChildId).filter(custody::Column::HouseholdId.eq(home));
        children.extend(stays.select_only().column(custody::Column::ChildId).into_tuple::<Uuid>().all(&on).await?);
        if children.is_empty() { Err(nobody()) } else { Ok(Kin { home, children: children.into_iter().collect() }) }
    }

    /// Rows of a territoire table about the children of a household.
    #[must_use]
    pub fn of_kin<E: OfTerritoire>(&self, child_column: E::Column, kin: &Kin) -> Select<E> {
        self.territory.find::<E>().filter(child_column.is_in(kin.children.iter().copied()))
    }

    /// Rows of a territoire table about a household itself.
    #[must_use]
    pub fn of_home<E: OfTerritoire>(&self, household_column: E::Column, kin: &Kin) -> Select<E> {
        self.territory.find::<E>().filter(household_column.eq(kin.home))
    }

    /// Rows of a territoire table about linked children: `tenant.about_children(child_right::Column::ChildId)`.
    #[must_use]
    pub fn about_children<E: OfTerritoire>(&self, child_column: E::Column) -> Select<E> {
        self.territory.find::<E>().filter(self.linked(child_column))
    }

    /// Rows of a territoire table about the households of linked children.
    #[must_use]
    pub fn about_households<E: OfTerritoire>(&self, household_column: E::Column) -> Select<E> {
        let linked = self.households().select_only().column(household::Column::Id).into_query();
        self.territory.find::<E>().filter(household_column.in_subquery(linked))
    }

    /// Its own row.
    ///
    /// # Errors
    /// The database's.
    pub async fn organisation(&self) -> Result<Option<organisation::Model>> {
        let own = organisation::Column::Id.eq(self.id.0);
        Ok(self.territory.find::<organisation::Entity>().filter(own).one(&self.on()).await?)
    }

    /// The communes of the territoire: who lives in one of them is a resident.
    #[must_use]
    pub fn communes(&self) -> Select<commune::Entity> {
        self.territory.find::<commune::Entity>()
    }

    /// The events of the bookings of these days.
    #[must_use]
    pub fn booking_events_between(&self, from: NaiveDate, to: NaiveDate) -> Select<booking_event::Entity> {
        let bookings = self.find::<booking::Entity>().filter(booking::Column::Day.between(from, to));
        let ids = bookings.select_only().column(booking::Column::Id).into_query();
        self.find::<booking_event::Entity>().filter(booking_event::Column::BookingId.in_subquery(ids))
    }

    /// Those of [`Self::children`] whom these days may be about: enrolled, under contract, or named by a booking or an entry of
    /// these days. A month stays a month's work, however many years the journal holds.
    #[must_use]
    pub fn children_between(&self, from: NaiveDate, to: NaiveDate) -> Select<child::Entity> {
        self.territory.find::<child::Entity>().filter(self.known_between(child::Column::Id, from, to))
    }

    /// Rows of a territoire table about the children of [`Self::children_between`].
    #[must_use]
    pub fn about_children_between<E: OfTerritoire>(&self, child_column: E::Column, from: NaiveDate, to: NaiveDate) -> Select<E> {
        self.territory.find::<E>().filter(self.known_between(child_column, from, to))
    }

    /// Rows of a territoire table about the households of those children, by their own row or by a dated custody.
    #[must_use]
    pub fn about_households_between<E: OfTerritoire>(&self, household_column: E::Column, from: NaiveDate, to: NaiveDate) -> Select<E> {
        let own = self.children_between(from, to).select_only().column(child::Column::HouseholdId).into_query();
        let shared = self.about_children_between::<custody::Entity>(custody::Column::ChildId, from, to);
        let shared = shared.select_only().column(custody::Column::HouseholdId).into_query();
        self.territory.find::<E>().filter(Condition::any().add(household_column.in_subquery(own)).add(household_column.in_subquery(shared)))
    }

    fn known_between(&self, child_column: impl ColumnTrait, from: NaiveDate, to: NaiveDate) -> Condition {
        let booked = self.find::<booking::Entity>().filter(booking::Column::Day.between(from, to));
        let named = self.find::<journal_payload::Entity>().filter(journal_payload::Column::Day.between(from, to));
        let named = named.filter(journal_payload::Column::ChildId.is_not_null());
        Condition::any()
            .add(child_column.in_subquery(self.child_ids_of::<enrolment::Entity>(enrolment::Column::ChildId)))
            .add(child_column.in_subquery(self.child_ids_of::<contract::Entity>(contract::Column::ChildId)))
            .add(child_column.in_subquery(booked.select_only().column(booking::Column::ChildId).into_query()))
            .add(child_column.in_subquery(named.select_only().column(journal_payload::Column::ChildId).into_query()))
    }

    /// Imports of the territoire: an import may change what was billed.
    #[must_use]
    pub fn import_runs(&self) -> Select<import_run::Entity> {
        self.territory.find::<import_run::Entity>()
    }

    /// The lieux of this organisation, by code.
    ///
    /// # Errors
    /// The database's.
    pub async fn centres(&self) -> Result<Vec<centre::Model>> {
        let mut all = self.find::<centre::Entity>().all(&self.on()).await?;
        all.sort_by(|a, b| a.code.cmp(&b.code));
        Ok(all)
    }

    /// The buildings that this organisation answers for.
    #[must_use]
    pub fn sites(&self) -> Select<site::Entity> {
        self.territory.find::<site::Entity>().filter(site::Column::OrganisationId.eq(self.id.0))
    }

    /// Clock observations of these boots. They are no tenant's: whoever answers for the building sealed them, and they tell of
    /// machines only.
    #[must_use]
    pub fn clock_observations(&self, boots: &[uuid::Uuid]) -> Select<clock_observation::Entity> {
        self.territory.find::<clock_observation::Entity>().filter(clock_observation::Column::BootId.is_in(boots.iter().copied()))
    }

    fn linked(&self, child_column: impl ColumnTrait) -> Condition {
        Condition::any()
            .add(child_column.in_subquery(self.child_ids_of::<enrolment::Entity>(enrolment::Column::ChildId)))
            .add(child_column.in_subquery(self.child_ids_of::<contract::Entity>(contract::Column::ChildId)))
            .add(self.names::<booking::Entity>(booking::Column::ChildId, child_column))
            .add(self.names::<journal_payload::Entity>(journal_payload::Column::ChildId, child_column))
            .add(child_column.in_subquery(self.children_of_pending_dossiers()))
    }

    /// Whether one row at least is about the child: looked up child by child, since these tables hold every day that ever was.
    fn names<E: OfOrganisation>(&self, column: E::Column, child_column: impl ColumnTrait) -> Expr {
        let about = Expr::col(column.as_column_ref()).equals(child_column.as_column_ref());
        Expr::exists(self.find::<E>().select_only().column(column).filter(about).into_query())
    }

    fn children_of_pending_dossiers(&self) -> SelectStatement {
        let pending = self
            .territory
            .find::<dossier::Entity>()
            .filter(dossier::Column::OrganisationId.eq(self.id.0))
            .filter(dossier::Column::DecidedAtMs.is_null())
            .select_only()
            .column(dossier::Column::Id)
            .into_query();
        let named = self.territory.find::<dossier_child::Entity>().filter(dossier_child::Column::DossierId.in_subquery(pending));
        named.select_only().column(dossier_child::Column::ChildId).into_query()
    }

    fn child_ids_of<E: OfOrganisation>(&self, column: E::Column) -> SelectStatement {
        self.find::<E>().select_only().column(column).into_query()
    }

    fn custody_households(&self) -> SelectStatement {
        self.about_children::<custody::Entity>(custody::Column::ChildId).select_only().column(custody::Column::HouseholdId).into_query()
    }
}
