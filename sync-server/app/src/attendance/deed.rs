//! What somebody who is logged in does on a lieu's day: one value for each form of the day's page.

use crate::attendance::correct::{Fact, addition, correction, moment_of, moment_of_arrival, retraction};
use crate::attendance::desk::Said;
use crate::attendance::sheet::Sheet;
use crate::attendance::sign;
use crate::store::Territory;
use crate::store::entity::child;
use crate::{Error, Result};
use chrono::NaiveTime;
use sea_orm::{ColumnTrait, QueryFilter};
use shared::calendar::Instant;
use shared::id::ChildId;
use uuid::Uuid;

/// The act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Answers for the day as it stands.
    Sign,
    /// Says another time of a fact.
    Correct {
        /// The fact.
        entry: Uuid,
        /// The right time.
        time: NaiveTime,
        /// Why.
        reason: String,
    },
    /// Says that a fact didn't happen.
    Retract {
        /// The fact.
        entry: Uuid,
        /// Why.
        reason: String,
    },
    /// Says what nobody recorded.
    Add {
        /// Code of a child that the organisation has to do with.
        child: String,
        /// Code of the activity; `None`: for a departure, that of its arrival.
        activity: Option<String>,
        /// When it came.
        arrived: Option<NaiveTime>,
        /// When it left.
        left: Option<NaiveTime>,
        /// Why.
        reason: String,
    },
}

impl Deed {
    /// What to seal, in order; nothing where the day stands so already.
    ///
    /// # Errors
    /// No such entry, child or activity; a time to come or out of order; no reason.
    pub async fn decide(&self, territory: &Territory<'_>, sheet: &Sheet, now: Instant) -> Result<Vec<Said>> {
        match self {
            Self::Sign => Ok(sign::decide(territory, sheet, now).await?.into_iter().collect()),
            Self::Correct { entry, time, reason } => Ok(vec![correction(sheet, *entry, *time, reason, now)?]),
            Self::Retract { entry, reason } => Ok(vec![retraction(sheet, *entry, reason, now)?]),
            Self::Add { child, activity, arrived, left, reason } => {
                let child = linked(territory, sheet, child).await?;
                if arrived.is_none() && left.is_none() {
                    return Err(Error::input("Il manque une heure d’arrivée ou de départ."));
                }
                if arrived.zip(*left).is_some_and(|(arrived, left)| left < arrived) {
                    return Err(Error::input("Le départ viendrait avant l’arrivée."));
                }
                let facts = [arrived.map(|time| (Fact::Arrivee, time)), left.map(|time| (Fact::Depart, time))];
                let mut said = Vec::new();
                for fact in facts.into_iter().flatten() {
                    let moment = match activity {
                        Some(code) => moment_of(territory, sheet, code).await?,
                        None => moment_of_arrival(sheet, child, fact.0),
                    };
                    said.push(addition(sheet, child, moment, fact, reason, now)?);
                }
                Ok(said)
            }
        }
    }
}

/// A child of this organisation: whoever is known to another one only isn't here.
async fn linked(territory: &Territory<'_>, sheet: &Sheet, code: &str) -> Result<ChildId> {
    let tenant = sheet.tenant(territory);
    let found = tenant.children().filter(child::Column::Code.eq(code)).one(&tenant.on()).await?;
    found.map(|row| ChildId(row.id)).ok_or_else(|| Error::NotFound(format!("Enfant « {code} »")))
}
