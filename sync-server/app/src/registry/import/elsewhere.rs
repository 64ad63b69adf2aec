//! Codes that the guichet shares: what only other organisations have to do with, and that a folder must not make someone else.
//!
//! Households, adults, children and sites are the territoire's, so that a family is typed once. A folder that is imported
//! for one organisation may complete what another one knows, as long as it means the same family: the same code with
//! another identity is another family, and is told. What is told names the code and the organisation, never the person.

use super::context::Import;
use super::fields::Fields;
use super::stage::{Imported, Stage};
use crate::Result;
use crate::attendance::journal::IDS_A_QUERY_MAX;
use crate::registry::homonym::name_key;
use crate::store::Tenant;
use crate::store::entity::{centre, child, household, organisation, person, site};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use shared::id::OrganisationId;
use shared::name::folded;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// What a code stands for, and by what an organisation has to do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A household.
    Household,
    /// An adult, by the household.
    Adult,
    /// A child.
    Child,
    /// A building.
    Site,
}

impl What {
    fn in_words(self) -> &'static str {
        match self {
            Self::Household => "un foyer",
            Self::Adult => "un responsable",
            Self::Child => "un enfant",
            Self::Site => "un site",
        }
    }
}

/// Looks out for rows that make somebody else of a code, in one file.
pub struct Watch<M> {
    what: What,
    before: HashMap<String, M>,
    /// Line, code, and the household, child or site that it stands for.
    suspects: Vec<(u64, String, Uuid)>,
}

impl<M: Imported> Watch<M>
where
    <M::Entity as EntityTrait>::ActiveModel: Send,
{
    /// Over what the database holds; over nothing where the folder is every organisation's.
    pub fn over(import: &Import<'_>, what: What, stage: &Stage<M>, code: impl Fn(&M) -> &str) -> Self {
        let rows = stage.rows().filter(|_| !import.others.is_empty());
        Self { what, before: rows.map(|(m, _)| (code(m).to_owned(), m.clone())).collect(), suspects: Vec::new() }
    }

    /// Notes a row whose code stood for somebody else.
    pub fn look(&mut self, f: &Fields<'_>, subject: impl Fn(&M) -> Uuid, is_same: impl Fn(&M) -> bool) {
        let code = f.raw("code");
        if let Some(before) = self.before.get(code).filter(|before| f.good() && !is_same(before)) {
            self.suspects.push((f.line(), code.to_owned(), subject(before)));
        }
    }

    /// Tells those that only other organisations have to do with: one's own families may be corrected.
    ///
    /// # Errors
    /// The database's.
    pub async fn tell(self, import: &mut Import<'_>, file: &'static str) -> Result<()> {
        let ids: HashSet<Uuid> = self.suspects.iter().map(|(_, _, id)| *id).collect();
        let ids: Vec<Uuid> = ids.into_iter().collect();
        let mut owners: HashMap<Uuid, String> = HashMap::new();
        for organisation in import.others.iter().filter(|_| !ids.is_empty()) {
            let name = format!("{} ({})", organisation.name, organisation.code);
            let linked = linked(&import.territory.tenant(OrganisationId(organisation.id)), self.what, &ids).await?;
            owners.extend(linked.into_iter().map(|id| (id, name.clone())));
        }
        let ours = if owners.is_empty() { &[][..] } else { &import.ours };
        for organisation in ours {
            let linked = linked(&import.territory.tenant(OrganisationId(organisation.id)), self.what, &ids).await?;
            owners.retain(|id, _| !linked.contains(id));
        }
        for (line, code, id) in self.suspects {
            let Some(owner) = owners.get(&id) else { continue };
            let expected = format!(
                "{code} est déjà le code d'{}, que seule la collectivité {owner} connaît : donnez un autre code, ou, si c'est le même, faites \
                 corriger par elle ce qui diffère",
                self.what.in_words()
            );
            import.wrong(file, Some(line), "code", expected);
        }
        Ok(())
    }
}

/// The same household: its name.
#[must_use]
pub fn same_household(one: &household::Model, other: &household::Model) -> bool {
    folded(&one.name) == folded(&other.name)
}

/// The same adult: the names, and the birth where both know it.
#[must_use]
pub fn same_adult(one: &person::Model, other: &person::Model) -> bool {
    let born_apart = one.birth_date.zip(other.birth_date).is_some_and(|(a, b)| a != b);
    name_key(&one.first_name, &one.last_name) == name_key(&other.first_name, &other.last_name) && !born_apart
}

/// The same child: the names and the birth.
#[must_use]
pub fn same_child(one: &child::Model, other: &child::Model) -> bool {
    let name = |m: &child::Model| name_key(&m.first_name, &m.last_name);
    name(one) == name(other) && one.birth_date == other.birth_date
}

/// The same building: its name and commune.
#[must_use]
pub fn same_site(before: &site::Model, name: &str, commune_insee: &str) -> bool {
    folded(&before.name) == folded(name) && before.commune_insee == commune_insee
}

/// Reads which organisations a folder is for, and which not: for the one that the option names, else for those that its own
/// files name; one that names none is for all.
///
/// # Errors
/// The database's.
pub async fn read(import: &mut Import<'_>) -> Result<()> {
    let named = named(import);
    let all: Vec<organisation::Model> = import.territory.organisations().await?;
    (import.ours, import.others) = all.into_iter().partition(|o| named.is_empty() || named.contains(&o.id));
    Ok(())
}

fn named(import: &Import<'_>) -> HashSet<Uuid> {
    if import.chosen.is_some() {
        return import.organisations.iter().map(|o| o.id).collect();
    }
    let mut named: HashSet<Uuid> = import.known.organisations.in_folder().copied().collect();
    if let Some(centres) = import.folder.peek("lieux.csv") {
        let cells = centres.rows.iter().map(|row| centres.cell(row, "organisation"));
        named.extend(cells.filter_map(|code| import.known.organisations.find(code).ok().copied()));
    }
    named
}

/// Of some ids, those that an organisation has to do with.
async fn linked(tenant: &Tenant<'_>, what: What, ids: &[Uuid]) -> Result<HashSet<Uuid>> {
    let on = tenant.on();
    let mut found: HashSet<Uuid> = HashSet::new();
    for ids in ids.chunks(IDS_A_QUERY_MAX) {
        let some = ids.iter().copied();
        let linked: Vec<Uuid> = match what {
            What::Child => {
                let children = tenant.children().filter(child::Column::Id.is_in(some)).select_only().column(child::Column::Id);
                children.into_tuple().all(&on).await?
            }
            What::Household | What::Adult => {
                let households = tenant.households().filter(household::Column::Id.is_in(some)).select_only().column(household::Column::Id);
                households.into_tuple().all(&on).await?
            }
            What::Site => {
                let own = tenant.sites().filter(site::Column::Id.is_in(some.clone())).select_only().column(site::Column::Id);
                let centres = tenant.find::<centre::Entity>().filter(centre::Column::SiteId.is_in(some));
                let mut own: Vec<Uuid> = own.into_tuple().all(&on).await?;
                own.extend(centres.all(&on).await?.into_iter().map(|c| c.site_id));
                own
            }
        };
        found.extend(linked);
    }
    Ok(found)
}
