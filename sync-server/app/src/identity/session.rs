//! Sessions: 32 random bytes in a browser, their hash in a table.
//!
//! A token is made at log-in and again when the second factor passes; whatever a browser brought along before never becomes one.
//! Families stay for a month if they come twice a day at least, the desk for half an hour. Each request looks at the row, so that
//! what ends a session ends it at the next request: log-out, a disabled account, a person who became barred.

use crate::Result;
use crate::identity::child_rights;
use crate::store::entity::{account, account_session};
use crate::store::{self, Territory, insert_all};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use sha2::{Digest, Sha256};
use shared::calendar::{Instant, business_day};
use shared::id::{AccountId, PersonId};
use uuid::Uuid;

/// Longest life of a session at home, and longest pause in it.
const HOME_MS: (i64, i64) = (30 * 24 * 3_600_000, 12 * 3_600_000);
/// The same at the desk: a working day, half an hour.
const DESK_MS: (i64, i64) = (12 * 3_600_000, 30 * 60_000);
/// How often the last request is written down: not at each one.
const SEEN_EVERY_MS: i64 = 60_000;
/// Most sessions of one account; the oldest ends.
const SESSIONS_MAX: usize = 20;

/// Who is logged in, as a request's cookie proved it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The account.
    pub account: AccountId,
    /// Its name on screens.
    pub name: String,
    /// Its log-in.
    pub login: String,
    /// The person that it is linked to.
    pub person: Option<PersonId>,
    /// What the session's forms must repeat.
    pub csrf: String,
    /// Whether the second factor was passed in this session.
    pub second_factor: bool,
    /// Whether the account has a second factor.
    pub has_totp: bool,
    /// The secret that the enrolment page shows.
    pub totp_pending: Option<Vec<u8>>,
    token_hash: Vec<u8>,
}

/// Where a session will be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// A family's.
    Home,
    /// Anyone's with a role.
    Desk,
}

impl Use {
    fn limits_ms(self) -> (i64, i64) {
        match self {
            Self::Home => HOME_MS,
            Self::Desk => DESK_MS,
        }
    }

    /// How long the browser keeps the cookie; at the desk, no longer than its window.
    #[must_use]
    pub fn cookie_life_s(self) -> Option<i64> {
        (self == Self::Home).then_some(HOME_MS.0 / 1000)
    }
}

fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token).to_vec()
}

/// Opens a session; gives the cookie's value, which is kept nowhere else.
///
/// # Errors
/// The database's.
pub async fn open(territory: &Territory<'_>, account: &account::Model, at: Use, second_factor: bool, now: Instant) -> Result<String> {
    let (now_ms, (life_ms, idle_ms_max)) = (now.timestamp_millis(), at.limits_ms());
    make_room(territory, AccountId(account.id), now_ms).await?;
    let (token, csrf): ([u8; 32], [u8; 32]) = (store::random()?, store::random()?);
    let token = URL_SAFE_NO_PAD.encode(token);
    let barred_from: Option<Vec<u8>> = match account.person_id {
        Some(person) => Some(barred_from(territory, PersonId(person), now).await?.into_iter().flat_map(Uuid::into_bytes).collect()),
        None => None,
    };
    let row = account_session::Model {
        territoire_id: territory.id().0,
        token_hash: token_hash(&token),
        account_id: account.id,
        csrf_secret: csrf.to_vec(),
        created_at_ms: now_ms,
        last_seen_at_ms: now_ms,
        expires_at_ms: now_ms + life_ms,
        idle_ms_max,
        second_factor_at_ms: second_factor.then_some(now_ms),
        totp_pending: None,
        barred_from,
    };
    insert_all(&territory.on(), vec![row]).await?;
    Ok(token)
}

async fn barred_from(territory: &Territory<'_>, person: PersonId, now: Instant) -> Result<Vec<Uuid>> {
    child_rights::barred_from(territory, person, business_day(now)).await
}

/// Ends what is over anyway, and the oldest beyond the limit.
async fn make_room(territory: &Territory<'_>, account: AccountId, now_ms: i64) -> Result<()> {
    let of_account = territory.find::<account_session::Entity>().filter(account_session::Column::AccountId.eq(account.0));
    let all = of_account.order_by_desc(account_session::Column::CreatedAtMs).all(&territory.on()).await?;
    let over: Vec<Vec<u8>> = all
        .into_iter()
        .enumerate()
        .filter(|(n, row)| is_over(row, now_ms) || *n + 1 >= SESSIONS_MAX)
        .map(|(_, row)| row.token_hash)
        .collect();
    if !over.is_empty() {
        let those = account_session::Column::TokenHash.is_in(over);
        territory.delete::<account_session::Entity>().filter(those).exec(&territory.on()).await?;
    }
    Ok(())
}

fn is_over(row: &account_session::Model, now_ms: i64) -> bool {
    now_ms >= row.expires_at_ms || now_ms - row.last_seen_at_ms >= row.idle_ms_max
}

/// What a cookie is worth.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// A living session; whether its last request is to be written down.
    Living(Box<Session>, bool),
    /// Nothing: made up, over, or its account is disabled.
    None,
    /// The person was barred from a child since log-in: all their sessions end.
    NowBarred(PersonId),
}

/// Looks at a session's row, its account, and whom the person is barred from today. Reads only.
///
/// # Errors
/// The database's.
pub async fn look(territory: &Territory<'_>, token: &str, now: Instant) -> Result<Found> {
    let hash = token_hash(token);
    let of_token = territory.find::<account_session::Entity>().filter(account_session::Column::TokenHash.eq(hash.clone()));
    let Some(row) = of_token.one(&territory.on()).await?.filter(|row| !is_over(row, now.timestamp_millis())) else {
        return Ok(Found::None);
    };
    let of_id = territory.find::<account::Entity>().filter(account::Column::Id.eq(row.account_id));
    let Some(account) = of_id.filter(account::Column::DisabledAtMs.is_null()).one(&territory.on()).await? else {
        return Ok(Found::None);
    };
    if let Some(person) = account.person_id {
        let known = row.barred_from.as_deref().unwrap_or_default();
        let today = barred_from(territory, PersonId(person), now).await?;
        if today.iter().any(|child| !known.chunks(16).any(|id| id == child.as_bytes())) {
            return Ok(Found::NowBarred(PersonId(person)));
        }
    }
    let to_note = now.timestamp_millis() - row.last_seen_at_ms >= SEEN_EVERY_MS;
    let session = Session {
        account: AccountId(account.id),
        name: account.display_name,
        login: account.login,
        person: account.person_id.map(PersonId),
        csrf: URL_SAFE_NO_PAD.encode(&row.csrf_secret),
        second_factor: row.second_factor_at_ms.is_some(),
        has_totp: account.totp_secret.is_some(),
        totp_pending: row.totp_pending,
        token_hash: hash,
    };
    Ok(Found::Living(Box::new(session), to_note))
}

/// Writes down that a session was used.
///
/// # Errors
/// The database's.
pub async fn seen(territory: &Territory<'_>, session: &Session, now: Instant) -> Result<()> {
    let seen = Expr::value(now.timestamp_millis());
    let update = territory.update::<account_session::Entity>().col_expr(account_session::Column::LastSeenAtMs, seen);
    update.filter(account_session::Column::TokenHash.eq(session.token_hash.clone())).exec(&territory.on()).await?;
    Ok(())
}

/// Keeps the secret that the enrolment page is about to show.
///
/// # Errors
/// The database's.
pub async fn keep_pending_totp(territory: &Territory<'_>, session: &Session, secret: &[u8]) -> Result<()> {
    let secret = Expr::value(secret.to_vec());
    let update = territory.update::<account_session::Entity>().col_expr(account_session::Column::TotpPending, secret);
    update.filter(account_session::Column::TokenHash.eq(session.token_hash.clone())).exec(&territory.on()).await?;
    Ok(())
}

/// Ends one session, whatever the cookie is worth.
///
/// # Errors
/// The database's.
pub async fn end(territory: &Territory<'_>, token: &str) -> Result<()> {
    let of_token = account_session::Column::TokenHash.eq(token_hash(token));
    territory.delete::<account_session::Entity>().filter(of_token).exec(&territory.on()).await?;
    Ok(())
}

/// The other living sessions of a session's account, newest first.
///
/// # Errors
/// The database's.
pub async fn others(territory: &Territory<'_>, session: &Session, now: Instant) -> Result<Vec<account_session::Model>> {
    let of_account = territory.find::<account_session::Entity>().filter(account_session::Column::AccountId.eq(session.account.0));
    let rows = of_account.order_by_desc(account_session::Column::LastSeenAtMs).all(&territory.on()).await?;
    Ok(rows.into_iter().filter(|row| row.token_hash != session.token_hash && !is_over(row, now.timestamp_millis())).collect())
}

/// Ends the other sessions of a session's account.
///
/// # Errors
/// The database's.
pub async fn end_others(territory: &Territory<'_>, session: &Session) -> Result<()> {
    let of_account = territory.delete::<account_session::Entity>().filter(account_session::Column::AccountId.eq(session.account.0));
    of_account.filter(account_session::Column::TokenHash.ne(session.token_hash.clone())).exec(&territory.on()).await?;
    Ok(())
}

/// Ends all sessions of an account: its password changed, it was disabled.
///
/// # Errors
/// The database's.
pub async fn end_all_of(territory: &Territory<'_>, account: AccountId) -> Result<()> {
    let of_account = account_session::Column::AccountId.eq(account.0);
    territory.delete::<account_session::Entity>().filter(of_account).exec(&territory.on()).await?;
    Ok(())
}

/// Ends all sessions of a person, on every account that is linked to them.
///
/// # Errors
/// The database's.
pub async fn end_sessions_of(territory: &Territory<'_>, person: PersonId) -> Result<()> {
    let linked = territory.find::<account::Entity>().filter(account::Column::PersonId.eq(person.0)).all(&territory.on()).await?;
    for account in linked {
        end_all_of(territory, AccountId(account.id)).await?;
    }
    Ok(())
}
