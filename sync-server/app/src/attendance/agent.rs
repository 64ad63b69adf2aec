//! Who acts at the desk: an account that is logged in, or a name given with `--by`.
//!
//! There is no log-in on the command line: who may type there may act, and says for whom the line of the audit and the
//! seal are. A code of the lieu's staff or the log-in of an account is sealed as such; any other name stands in a note
//! of the entry, which is erasable, and not in the payload.

use crate::attendance::sheet::SIGNED_BY;
use crate::store::entity::{account, staff};
use crate::store::{Tenant, Territory};
use crate::{Error, Result};
use sea_orm::{ColumnTrait, QueryFilter};
use shared::id::AccountId;
use shared::journal::{Actor, ActorKind, Capacity};
use uuid::Uuid;

/// Longest name given with `--by`, in characters.
pub const NAME_CHARACTERS_MAX: usize = 80;

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// As sealed.
    pub actor: Actor,
    /// In what capacity.
    pub capacity: Capacity,
    /// As audited: a code, a log-in, or the name as given.
    pub name: String,
    /// The note that says the name, where no id does.
    pub note: Option<String>,
}

impl Agent {
    /// Somebody who is logged in: the seal holds the account, the name is looked up by who reads.
    #[must_use]
    pub fn of_account(account: AccountId) -> Self {
        let actor = Actor { kind: ActorKind::Agent, id: account.0 };
        Self { actor, capacity: Capacity::Agent, name: account.to_string(), note: None }
    }
}

/// Finds who is meant.
///
/// # Errors
/// An empty or endless name; the database's.
pub async fn named(territory: &Territory<'_>, tenant: &Tenant<'_>, given: &str) -> Result<Agent> {
    let name = given.trim();
    if name.is_empty() || name.chars().count() > NAME_CHARACTERS_MAX || name.chars().any(char::is_control) {
        return Err(Error::input(format!(
            "--by : attendu le nom ou le code de la personne qui agit, en {NAME_CHARACTERS_MAX} signes au plus."
        )));
    }
    let on = tenant.on();
    let agent = |kind, id, capacity, note| Agent { actor: Actor { kind, id }, capacity, name: name.to_owned(), note };
    if let Some(row) = tenant.find::<staff::Entity>().filter(staff::Column::Code.eq(name)).one(&on).await? {
        return Ok(agent(ActorKind::Staff, row.id, Capacity::Own, None));
    }
    if let Some(row) = territory.find::<account::Entity>().filter(account::Column::Login.eq(name)).one(&on).await? {
        return Ok(agent(ActorKind::Agent, row.id, Capacity::Agent, None));
    }
    Ok(agent(ActorKind::Agent, Uuid::nil(), Capacity::Agent, Some(format!("{SIGNED_BY}{name}"))))
}
