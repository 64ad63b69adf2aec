//! The names behind the codes of a draft: a draft speaks in the codes of files, a page in names.

use crate::Result;
use crate::store::Tenant;
use crate::store::entity::{centre, child, household, person, regie};
use std::collections::HashMap;

/// Names of one organisation's lieux, régies, and linked families, by their codes.
#[derive(Debug, Default)]
pub struct Names {
    children: HashMap<String, String>,
    adults: HashMap<String, String>,
    households: HashMap<String, String>,
    centres: HashMap<String, String>,
    regies: HashMap<String, String>,
}

impl Names {
    /// Reads them.
    ///
    /// # Errors
    /// The database's.
    pub async fn read(tenant: &Tenant<'_>) -> Result<Self> {
        let on = tenant.on();
        let full = |first: &str, last: &str| format!("{first} {last}");
        let children = tenant.children().all(&on).await?;
        let adults = tenant.about_households::<person::Entity>(person::Column::HouseholdId).all(&on).await?;
        let households = tenant.households().all(&on).await?;
        let regies = tenant.find::<regie::Entity>().all(&on).await?;
        Ok(Self {
            children: children.into_iter().map(|c: child::Model| (c.code, full(&c.first_name, &c.last_name))).collect(),
            adults: adults.into_iter().map(|p| (p.code, full(&p.first_name, &p.last_name))).collect(),
            households: households.into_iter().map(|h: household::Model| (h.code, h.name)).collect(),
            centres: tenant.centres().await?.into_iter().map(|c: centre::Model| (c.code, c.name)).collect(),
            regies: regies.into_iter().map(|r| (r.code, r.name)).collect(),
        })
    }

    /// "Léa Martin".
    #[must_use]
    pub fn child<'a>(&'a self, code: &'a str) -> &'a str {
        self.children.get(code).map_or(code, String::as_str)
    }

    /// "Claire Martin".
    #[must_use]
    pub fn adult<'a>(&'a self, code: &'a str) -> &'a str {
        self.adults.get(code).map_or(code, String::as_str)
    }

    /// "Martin".
    #[must_use]
    pub fn household<'a>(&'a self, code: &'a str) -> &'a str {
        self.households.get(code).map_or(code, String::as_str)
    }

    /// "Les Coccinelles".
    #[must_use]
    pub fn centre<'a>(&'a self, code: &'a str) -> &'a str {
        self.centres.get(code).map_or(code, String::as_str)
    }

    /// "Régie Enfance".
    #[must_use]
    pub fn regie<'a>(&'a self, code: &'a str) -> &'a str {
        self.regies.get(code).map_or(code, String::as_str)
    }
}
