//! Accounts: one person, one log-in. Roles hang on them, and the person of a household.

use crate::identity::roles::{Role, holds};
use crate::store::entity::{account, account_identity, account_role, recovery_code};
use crate::store::{Territory, insert_all, new_id};
use crate::{Error, Result};
use chrono::NaiveDate;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter};
use shared::calendar::Instant;
use shared::id::{AccountId, CentreId, OrganisationId};
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

/// The provider of accounts whose password is here.
pub const LOCAL: &str = "local";
/// Longest e-mail address (RFC 5321).
const LOGIN_CHARACTERS_MAX: usize = 254;

/// An e-mail address as somebody typed it, so that the same one is found whatever its case.
#[must_use]
pub fn folded_login(typed: &str) -> String {
    typed.trim().nfkc().take(LOGIN_CHARACTERS_MAX + 1).collect::<String>().to_lowercase()
}

/// An e-mail address that an account may have.
///
/// # Errors
/// What is wrong with it, for who typed it.
pub fn chosen_login(typed: &str) -> Result<String, &'static str> {
    let login = folded_login(typed);
    let plain = login.chars().count() <= LOGIN_CHARACTERS_MAX && !login.chars().any(|c| c.is_whitespace() || c.is_control() || c == ':');
    match login.split_once('@') {
        Some((name, host)) if plain && !name.is_empty() && host.contains('.') && !host.contains('@') && !host.ends_with('.') => Ok(login),
        _ => Err("Cette adresse n’est pas complète. Exemple : prenom.nom@exemple.fr"),
    }
}

/// The account that logs in under an address, unless it is disabled.
///
/// # Errors
/// The database's.
pub async fn by_login(territory: &Territory<'_>, login: &str) -> Result<Option<account::Model>> {
    let of_login = territory.find::<account::Entity>().filter(account::Column::Login.eq(login));
    Ok(of_login.filter(account::Column::DisabledAtMs.is_null()).one(&territory.on()).await?)
}

/// An account by its id, disabled or not.
///
/// # Errors
/// The database's.
pub async fn by_id(territory: &Territory<'_>, id: AccountId) -> Result<Option<account::Model>> {
    Ok(territory.find::<account::Entity>().filter(account::Column::Id.eq(id.0)).one(&territory.on()).await?)
}

/// Whether an account has a role somewhere today: its sessions are the desk's, and it needs a second factor.
///
/// # Errors
/// The database's.
pub async fn has_role(territory: &Territory<'_>, account: AccountId, day: NaiveDate) -> Result<bool> {
    let rows = territory.roles_of(account).all(&territory.on()).await?;
    Ok(rows.iter().any(|row| holds(row.valid_from, row.valid_to, day) && Role::of(&row.role).is_some()))
}

/// A new account.
#[derive(Debug)]
pub struct New<'a> {
    /// What is typed to log in; for a sign-on without an address, its identity.
    pub login: String,
    /// How screens call it.
    pub name: String,
    /// Where its password is here.
    pub password_hash: Option<String>,
    /// The person of a household.
    pub person: Option<Uuid>,
    /// Who proves who it is, and under which name there.
    pub identity: (&'a str, &'a str),
}

/// Adds an account with its identity.
///
/// # Errors
/// [`Error::Conflict`] where another one logs in under this address.
pub async fn add(territory: &Territory<'_>, new: New<'_>, now: Instant) -> Result<account::Model> {
    let taken = territory.find::<account::Entity>().filter(account::Column::Login.eq(new.login.as_str()));
    if taken.one(&territory.on()).await?.is_some() {
        return Err(Error::conflict("Cette adresse sert déjà à un autre compte. Deux personnes n’en partagent jamais un."));
    }
    let row = account::Model {
        territoire_id: territory.id().0,
        id: new_id(now)?,
        login: new.login,
        display_name: new.name,
        password_hash: new.password_hash,
        totp_secret: None,
        person_id: new.person,
        created_at_ms: now.timestamp_millis(),
        disabled_at_ms: None,
        totp_last_step: None,
    };
    insert_all(&territory.on(), vec![row.clone()]).await?;
    identify(territory, AccountId(row.id), new.identity, now).await?;
    Ok(row)
}

/// Adds an identity to an account: somebody who may open it besides.
///
/// # Errors
/// [`Error::Conflict`] where it opens another account.
pub async fn identify(territory: &Territory<'_>, id: AccountId, (provider, subject): (&str, &str), now: Instant) -> Result<()> {
    match by_identity(territory, (provider, subject)).await? {
        Some(known) if known.id == id.0 => return Ok(()),
        Some(_) => return Err(Error::conflict("Cette identité ouvre déjà un autre compte.")),
        None => {}
    }
    let row = account_identity::Model {
        territoire_id: territory.id().0,
        provider: provider.to_owned(),
        subject: subject.to_owned(),
        account_id: id.0,
        linked_at_ms: now.timestamp_millis(),
    };
    insert_all(&territory.on(), vec![row]).await
}

/// The account that an identity opens, disabled or not.
///
/// # Errors
/// The database's.
pub async fn by_identity(territory: &Territory<'_>, (provider, subject): (&str, &str)) -> Result<Option<account::Model>> {
    let of_identity = territory.find::<account_identity::Entity>().filter(account_identity::Column::Provider.eq(provider));
    let of_identity = of_identity.filter(account_identity::Column::Subject.eq(subject)).one(&territory.on()).await?;
    match of_identity {
        Some(identity) => by_id(territory, AccountId(identity.account_id)).await,
        None => Ok(None),
    }
}

/// Gives a role from a day on; `false` where the account has it already.
///
/// # Errors
/// The database's.
pub async fn give_role(
    territory: &Territory<'_>,
    id: AccountId,
    organisation: OrganisationId,
    (role, centre): (Role, Option<CentreId>),
    day: NaiveDate,
) -> Result<bool> {
    let (tenant, on) = (territory.tenant(organisation), territory.on());
    let of_account = tenant.find::<account_role::Entity>().filter(account_role::Column::AccountId.eq(id.0));
    let rows = of_account.filter(account_role::Column::Role.eq(role.code())).all(&on).await?;
    let today: Vec<_> = rows.iter().filter(|row| holds(row.valid_from, row.valid_to, day)).collect();
    if today.iter().any(|row| row.centre_id.is_none() || row.centre_id == centre.map(|c| c.0)) {
        return Ok(false);
    }
    // The key holds one row of a role and a day: a role that began or ended today is written over, wider or moved.
    if rows.iter().any(|row| row.valid_from == day) {
        let same_day = account_role::Column::ValidFrom.eq(day);
        let of_account = tenant.delete::<account_role::Entity>().filter(account_role::Column::AccountId.eq(id.0));
        of_account.filter(account_role::Column::Role.eq(role.code())).filter(same_day).exec(&on).await?;
    }
    let row = account_role::Model {
        organisation_id: organisation.0,
        account_id: id.0,
        role: role.code().to_owned(),
        valid_from: day,
        territoire_id: territory.id().0,
        centre_id: centre.map(|c| c.0),
        valid_to: None,
    };
    insert_all(&on, vec![row]).await?;
    Ok(true)
}

/// Takes a role back from a day on; `false` where there is none.
///
/// # Errors
/// The database's.
pub async fn take_role(territory: &Territory<'_>, id: AccountId, organisation: OrganisationId, role: Role, day: NaiveDate) -> Result<bool> {
    let (tenant, on) = (territory.tenant(organisation), territory.on());
    let of_account = tenant.find::<account_role::Entity>().filter(account_role::Column::AccountId.eq(id.0));
    let rows = of_account.filter(account_role::Column::Role.eq(role.code())).all(&on).await?;
    let held: Vec<_> = rows.into_iter().filter(|row| row.valid_to.is_none_or(|to| to >= day)).collect();
    for row in &held {
        // Its last day was yesterday; one that began today ends before it began, and holds on no day.
        let update = tenant.update::<account_role::Entity>().col_expr(account_role::Column::ValidTo, Expr::value(day.pred_opt()));
        let update = update.filter(account_role::Column::AccountId.eq(id.0)).filter(account_role::Column::Role.eq(role.code()));
        update.filter(account_role::Column::ValidFrom.eq(row.valid_from)).exec(&on).await?;
    }
    Ok(!held.is_empty())
}

/// Another address and password for an account whose password is here.
pub(super) async fn replace_local(territory: &Territory<'_>, id: AccountId, login: &str, hash: &str, now: Instant) -> Result<()> {
    change(territory, id, vec![(account::Column::Login, Expr::value(login)), (account::Column::PasswordHash, Expr::value(hash))]).await?;
    let before = account_identity::Column::Provider.eq(LOCAL);
    let of_account = territory.delete::<account_identity::Entity>().filter(account_identity::Column::AccountId.eq(id.0));
    of_account.filter(before).exec(&territory.on()).await?;
    identify(territory, id, (LOCAL, login), now).await
}

/// Changes columns of one account.
pub(super) async fn change(territory: &Territory<'_>, id: AccountId, columns: Vec<(account::Column, Expr)>) -> Result<()> {
    let mut update = territory.update::<account::Entity>().filter(account::Column::Id.eq(id.0));
    for (column, value) in columns {
        update = update.col_expr(column, value);
    }
    update.exec(&territory.on()).await?;
    Ok(())
}

/// Takes an account's second factor away: its telephone is lost, and its owner was recognised.
///
/// # Errors
/// The database's.
pub async fn forget_totp(territory: &Territory<'_>, id: AccountId) -> Result<()> {
    change(territory, id, vec![(account::Column::TotpSecret, Expr::value(None::<Vec<u8>>))]).await?;
    let of_account = recovery_code::Column::AccountId.eq(id.0);
    territory.delete::<recovery_code::Entity>().filter(of_account).exec(&territory.on()).await?;
    crate::identity::session::end_all_of(territory, id).await
}

/// Lets nobody in under an account any more.
///
/// # Errors
/// The database's.
pub async fn disable(territory: &Territory<'_>, id: AccountId, now: Instant) -> Result<()> {
    change(territory, id, vec![(account::Column::DisabledAtMs, Expr::value(now.timestamp_millis()))]).await?;
    crate::identity::session::end_all_of(territory, id).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_same_in_capitals_and_half_of_one_is_none() {
        assert_eq!(chosen_login(" Samira@Exemple.FR ").unwrap(), "samira@exemple.fr");
        for wrong in ["samira", "@exemple.fr", "samira@exemple", "samira@exemple.", "sa mira@exemple.fr", "a@b@c.fr", "a:b@c.fr"] {
            assert!(chosen_login(wrong).is_err(), "{wrong}");
        }
        assert!(chosen_login(&format!("{}@exemple.fr", "a".repeat(250))).is_err());
    }
}
