//! The names behind what the audit and the ledger hold of who acted.

use crate::Result;
use crate::store::Territory;
use crate::store::entity::{account, device};
use sea_orm::{ColumnTrait, QueryFilter};
use std::collections::HashMap;
use uuid::Uuid;

/// Names by what is stored: an account's id or a device's. What is neither isn't in it.
///
/// # Errors
/// The database's.
pub(super) async fn names(territory: &Territory<'_>, stored: Vec<&str>) -> Result<HashMap<String, String>> {
    let mut ids: Vec<Uuid> = stored.into_iter().filter_map(|text| text.parse().ok()).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut names = HashMap::new();
    for ids in ids.chunks(crate::attendance::journal::IDS_A_QUERY_MAX) {
        let of_ids = || ids.iter().copied();
        let accounts = territory.find::<account::Entity>().filter(account::Column::Id.is_in(of_ids())).all(&territory.on()).await?;
        names.extend(accounts.into_iter().map(|row| (row.id.to_string(), row.display_name)));
        let devices = territory.find::<device::Entity>().filter(device::Column::Id.is_in(of_ids())).all(&territory.on()).await?;
        names.extend(devices.into_iter().map(|row| (row.id.to_string(), row.name)));
    }
    Ok(names)
}

/// A name, or what is stored in a person's words.
pub(super) fn of<'a>(names: &'a HashMap<String, String>, stored: &'a str) -> &'a str {
    match (names.get(stored), stored) {
        (Some(name), _) => name,
        (None, "preau") => "le serveur",
        (None, "console" | "commande") => "à la console",
        (None, "visiteur") => "quelqu’un, sans se connecter",
        (None, other) => other,
    }
}
