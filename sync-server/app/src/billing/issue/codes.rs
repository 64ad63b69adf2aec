//! Ids behind the codes that drafts speak in, and what a bill has to print of them.

use crate::store::Tenant;
use crate::store::entity::{activity, centre, child, commune, household, household_address, person, regie};
use crate::{Error, Result};
use chrono::NaiveDate;
use sea_orm::QueryOrder;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use uuid::Uuid;

/// Who a bill is addressed to, as they were on the day of issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addressee {
    /// "Mme Claire Martin".
    pub name: String,
    /// Lines of the address.
    pub address: Vec<String>,
    /// `courriel`, `papier`…
    pub channel: String,
}

/// One organisation's codes.
pub(super) struct Codes {
    regies: Vec<regie::Model>,
    children: HashMap<String, child::Model>,
    centres: HashMap<String, centre::Model>,
    activities: HashMap<String, activity::Model>,
    households: HashMap<String, household::Model>,
    payers: HashMap<String, person::Model>,
    addresses: HashMap<Uuid, Vec<household_address::Model>>,
    communes: HashMap<String, String>,
}

impl Codes {
    pub async fn read(tenant: &Tenant<'_>, only: Option<&str>) -> Result<Self> {
        let on = tenant.on();
        let mut regies = tenant.find::<regie::Entity>().order_by_asc(regie::Column::Code).all(&on).await?;
        regies.retain(|r| only.is_none_or(|code| r.code == code));
        let people = tenant.about_households::<person::Entity>(person::Column::HouseholdId).all(&on).await?;
        let rows = tenant.about_households::<household_address::Entity>(household_address::Column::HouseholdId).all(&on).await?;
        let mut addresses: HashMap<Uuid, Vec<household_address::Model>> = HashMap::new();
        for row in rows {
            addresses.entry(row.household_id).or_default().push(row);
        }
        Ok(Self {
            regies,
            children: tenant.children().all(&on).await?.into_iter().map(|c| (c.code.clone(), c)).collect(),
            centres: tenant.centres().await?.into_iter().map(|c| (c.code.clone(), c)).collect(),
            activities: tenant.find::<activity::Entity>().all(&on).await?.into_iter().map(|a| (a.code.clone(), a)).collect(),
            households: tenant.households().all(&on).await?.into_iter().map(|h| (h.code.clone(), h)).collect(),
            payers: people.into_iter().map(|p| (p.code.clone(), p)).collect(),
            addresses,
            communes: tenant.communes().all(&on).await?.into_iter().map(|c: commune::Model| (c.code_insee, c.name)).collect(),
        })
    }

    pub fn regies(&self) -> impl Iterator<Item = Uuid> + '_ {
        self.regies.iter().map(|r| r.id)
    }

    pub fn regie(&self, code: &str) -> Option<&regie::Model> {
        self.regies.iter().find(|r| r.code == code)
    }

    pub fn regie_code(&self, id: Uuid) -> Option<&str> {
        self.regies.iter().find(|r| r.id == id).map(|r| r.code.as_str())
    }

    pub fn payer(&self, code: &str) -> Option<Uuid> {
        self.payers.get(code).map(|p| p.id)
    }

    pub fn of<'m, T>(map: &'m HashMap<String, T>, what: &str, code: &str) -> Result<&'m T> {
        map.get(code).ok_or_else(|| Error::conflict(format!("{what} « {code} » a disparu pendant l’émission : recommencez.")))
    }

    pub fn child(&self, code: &str) -> Result<&child::Model> {
        Self::of(&self.children, "L’enfant", code)
    }

    pub fn centre(&self, code: &str) -> Result<&centre::Model> {
        Self::of(&self.centres, "Le lieu", code)
    }

    pub fn household(&self, code: &str) -> Result<&household::Model> {
        Self::of(&self.households, "Le foyer", code)
    }

    pub fn payer_row(&self, code: &str) -> Result<&person::Model> {
        Self::of(&self.payers, "Le payeur", code)
    }

    /// `garde`, `repas`…: as the activity says, else by its lieu.
    pub fn nature(&self, activity: &str, centre: &centre::Model) -> String {
        let said = self.activities.get(activity).and_then(|a| a.nature.clone());
        said.unwrap_or_else(|| if centre.kind == "cantine" { "repas" } else { "garde" }.to_owned())
    }

    /// Codes by id, for what was issued earlier.
    pub fn by_id(&self) -> ById<'_> {
        ById {
            children: self.children.iter().map(|(code, c)| (c.id, code.as_str())).collect(),
            centres: self.centres.iter().map(|(code, c)| (c.id, code.as_str())).collect(),
            households: self.households.iter().map(|(code, h)| (h.id, code.as_str())).collect(),
            payers: self.payers.iter().map(|(code, p)| (p.id, code.as_str())).collect(),
        }
    }

    /// Name and address on a day.
    pub fn addressee(&self, payer: &person::Model, day: NaiveDate) -> Addressee {
        let civility = payer.civility.as_deref().map(|c| format!("{c} ")).unwrap_or_default();
        let known = self.addresses.get(&payer.household_id).map(Vec::as_slice).unwrap_or_default();
        let held = known.iter().filter(|a| a.valid_from.is_none_or(|from| from <= day)).max_by_key(|a| a.valid_from);
        let address = held.map(|a| {
            let town = self.communes.get(&a.commune_insee).cloned().unwrap_or_default();
            let town = format!("{} {town}", a.postal_code.as_deref().unwrap_or_default());
            let street = a.address.clone().unwrap_or_default();
            [street, town.trim().to_owned()].into_iter().filter(|line| !line.trim().is_empty()).collect()
        });
        Addressee {
            name: format!("{civility}{} {}", payer.first_name, payer.last_name),
            address: address.unwrap_or_default(),
            channel: payer.channel.clone().unwrap_or_else(|| if payer.email.is_some() { "courriel" } else { "papier" }.to_owned()),
        }
    }
}

/// Codes by id.
pub(super) struct ById<'c> {
    pub children: HashMap<Uuid, &'c str>,
    pub centres: HashMap<Uuid, &'c str>,
    pub households: HashMap<Uuid, &'c str>,
    pub payers: HashMap<Uuid, &'c str>,
}
