//! `/activation`: a code on paper and a second fact make a guardian's access, or give it back.
//!
//! A guardian is linked by a code that an agent handed out after seeing who it was, never by equal e-mail. The code's hash is slow and
//! made whatever was typed; a wrong code, a wrong name, an old code and a used one get one answer. A code for somebody who has an access
//! already chooses its address and password anew (the paper replaces the mail of a forgotten password); an agent's account is left
//! alone: a code of the counter must not open a desk.

use crate::identity::account::{self, LOCAL, New};
use crate::identity::audit::{self, Act};
use crate::identity::browser::{Csrf, Visit};
use crate::identity::login::{in_words, opened, too_often};
use crate::identity::password::{Hasher, Password};
use crate::identity::pauses::{ACTIVATION, Key};
use crate::identity::session;
use crate::identity::visit::Form;
use crate::identity::{code, oidc};
use crate::serve::Server;
use crate::store::entity::account::Model as Account;
use crate::store::entity::{account as accounts, activation_code, person};
use crate::store::{self, Territory, insert_all};
use crate::{Error, Result, page};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use chrono::NaiveDate;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter};
use serde::Deserialize;
use shared::calendar::Instant;
use shared::id::{AccountId, PersonId};
use shared::name::folded;
use utoipa::ToSchema;

/// Signs of a code: 60 bits, behind a slow hash.
const SIGNS: usize = 12;
/// How long a letter may lie on a kitchen table.
const LIFE_MS: i64 = 30 * 24 * 3_600_000;
const ROUTE: &str = "POST /activation";
const WRONG: &str = "Ce code et ce nom ne vont pas ensemble, ou le code n’est plus valable (30 jours).";

/// A new code for a person, as it is shown once: `7KQM-3X02-AB11`. The ones before it open nothing any more.
///
/// # Errors
/// The database's; no turn of the hasher in time.
pub async fn new_code(territory: &Territory<'_>, hasher: &Hasher, person: PersonId, by: &str, now: Instant) -> Result<String> {
    let signs = code::signs(store::random::<SIGNS>()?);
    let unused = territory.delete::<activation_code::Entity>().filter(activation_code::Column::PersonId.eq(person.0));
    unused.filter(activation_code::Column::UsedByAccountId.is_null()).exec(&territory.on()).await?;
    let row = activation_code::Model {
        territoire_id: territory.id().0,
        code_hash: hasher.code_name(signs.clone()).await?,
        person_id: person.0,
        created_by: by.to_owned(),
        created_at_ms: now.timestamp_millis(),
        expires_at_ms: now.timestamp_millis() + LIFE_MS,
        used_by_account_id: None,
    };
    insert_all(&territory.on(), vec![row]).await?;
    Ok(code::shown(&signs))
}

/// What was typed, and shown again.
#[derive(Default, Deserialize, ToSchema)]
pub struct Typed {
    #[serde(default)]
    code: String,
    #[serde(default)]
    fact: String,
    #[serde(default)]
    login: String,
    #[serde(default)]
    password: String,
}

/// What the page asks for besides the code and the fact.
#[derive(Debug, Clone, PartialEq, Eq)]
enum How {
    /// An address and a password.
    Local,
    /// Nothing: who is logged in is to be linked.
    LoggedIn(AccountId),
    /// Nothing: a sign-on proved who it is.
    SignedOn(oidc::Proved),
}

#[derive(Template)]
#[template(path = "identity/activation.html")]
struct Page {
    csrf: Csrf,
    asks_password: bool,
    provider: Option<String>,
    typed: Typed,
    wait: Option<String>,
    wrong: Option<&'static str>,
    wrong_login: Option<String>,
    wrong_password: Option<&'static str>,
}

fn how(server: &Server, visit: &Visit, headers: &axum::http::HeaderMap) -> How {
    match (server.identity.sso.proved(server, headers), visit.session()) {
        (Some(proved), _) => How::SignedOn(proved),
        (None, Some(session)) => How::LoggedIn(session.account),
        (None, None) => How::Local,
    }
}

fn blank(visit: &Visit, how: &How) -> Page {
    Page {
        csrf: visit.csrf(),
        asks_password: *how == How::Local,
        provider: match how {
            How::SignedOn(proved) => Some(proved.button.clone()),
            _ => None,
        },
        typed: Typed::default(),
        wait: None,
        wrong: None,
        wrong_login: None,
        wrong_password: None,
    }
}

/// `GET /activation`
pub async fn page(State(server): State<Server>, visit: Visit, headers: axum::http::HeaderMap) -> Result<Response> {
    if visit.session().is_some_and(|session| session.person.is_some()) {
        return Ok(Redirect::to(super::login::FAMILY_HOME).into_response());
    }
    let how = how(&server, &visit, &headers);
    page::html(&blank(&visit, &how))
}

/// `POST /activation`
pub async fn activate(
    State(server): State<Server>,
    visit: Visit,
    headers: axum::http::HeaderMap,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    let (app, now) = (&server.app, server.app.clock.now());
    let how = how(&server, &visit, &headers);
    let mut page = blank(&visit, &how);
    let (login, password) = match how {
        How::Local => {
            let (login, password) = (account::chosen_login(&typed.login), Password::chosen(&typed.password));
            page.wrong_login = login.as_ref().err().map(|said| (*said).to_owned());
            page.wrong_password = password.as_ref().err().copied();
            (login.ok(), password.ok())
        }
        _ => (None, None),
    };
    if page.wrong_login.is_some() || page.wrong_password.is_some() {
        return again(Page { typed: Typed { password: String::new(), ..typed }, ..page });
    }
    let keys = [(Key::of("activation", Some(visit.network()), b""), ACTIVATION)];
    let attempt = match server.identity.pauses.attempt(&keys, now) {
        Ok(attempt) => attempt,
        Err(wait_s) => return too_often(wait_s, &Page { typed, wait: Some(in_words(wait_s)), ..page }),
    };
    // Both hashes whatever the code is worth: what an answer costs tells nothing.
    let signs = code::read(&typed.code, SIGNS).unwrap_or_default();
    let name = server.identity.hasher.code_name(signs).await?;
    let password_hash = match password {
        Some(password) => Some(server.identity.hasher.hash(password).await?),
        None => None,
    };
    let transaction = app.db.begin().await?;
    let territory = Territory::new(app.territoire(), &transaction);
    let Some((row, person)) = find(&territory, &name, &typed.fact, now).await? else {
        audit::write(&territory, now, Act::visitor(ROUTE).ended("refus")).await?;
        transaction.commit().await?;
        return again(Page { typed: Typed { password: String::new(), ..typed }, wrong: Some(WRONG), ..page });
    };
    let account = match link(&territory, &how, &person, login.zip(password_hash), now).await {
        Ok(account) => account,
        Err(Error::Conflict(said)) => {
            let typed = Typed { password: String::new(), ..typed };
            return again(Page { typed, wrong_login: Some(said), ..page });
        }
        Err(other) => return Err(other),
    };
    spend(&territory, row, &account).await?;
    audit::write(&territory, now, Act::account(account.id, "self", "portail", ROUTE).about("person", person.id)).await?;
    transaction.commit().await?;
    attempt.was_right();
    let mut response = opened(&server, &visit, &account, ROUTE, super::login::FAMILY_HOME).await?;
    if let How::SignedOn(_) = how {
        server.identity.sso.forget(&server, &headers, &mut response);
    }
    Ok(response)
}

fn again(page: Page) -> Result<Response> {
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page::html(&page)?).into_response())
}

/// A living code and its person, where the second fact is theirs.
async fn find(territory: &Territory<'_>, name: &[u8], fact: &str, now: Instant) -> Result<Option<(activation_code::Model, person::Model)>> {
    let living = territory.find::<activation_code::Entity>().filter(activation_code::Column::CodeHash.eq(name.to_vec()));
    let living = living.filter(activation_code::Column::UsedByAccountId.is_null());
    let living = living.filter(activation_code::Column::ExpiresAtMs.gt(now.timestamp_millis()));
    let Some(row) = living.one(&territory.on()).await? else { return Ok(None) };
    let of_id = territory.find::<person::Entity>().filter(person::Column::Id.eq(row.person_id));
    let person = of_id.one(&territory.on()).await?;
    Ok(person.filter(|person| is_theirs(fact, person)).map(|person| (row, person)))
}

/// A last name, of today or of birth, or a birth date.
fn is_theirs(fact: &str, person: &person::Model) -> bool {
    let fact = fact.trim();
    let day = NaiveDate::parse_from_str(fact, "%d/%m/%Y").or_else(|_| NaiveDate::parse_from_str(fact, "%Y-%m-%d"));
    if let Ok(day) = day {
        return person.birth_date == Some(day);
    }
    let fact = folded(fact);
    !fact.is_empty() && (fact == folded(&person.last_name) || person.birth_name.as_deref().is_some_and(|name| fact == folded(name)))
}

/// The account that the person has from now on.
async fn link(
    territory: &Territory<'_>,
    how: &How,
    person: &person::Model,
    local: Option<(String, String)>,
    now: Instant,
) -> Result<Account> {
    let id = PersonId(person.id);
    let name = format!("{} {}", person.first_name, person.last_name);
    match (how, local, of_person(territory, id).await?) {
        (How::LoggedIn(account), ..) => {
            account::change(territory, *account, vec![(accounts::Column::PersonId, Expr::value(person.id))]).await?;
            account::by_id(territory, *account).await?.ok_or_else(|| Error::NotFound("Compte".into()))
        }
        (How::SignedOn(proved), _, Some(known)) => {
            account::identify(territory, AccountId(known.id), proved.identity(), now).await?;
            Ok(known)
        }
        (How::SignedOn(proved), _, None) => {
            let login = format!("{}:{}", proved.provider, proved.subject);
            let new = New { login, name, password_hash: None, person: Some(person.id), identity: proved.identity() };
            account::add(territory, new, now).await
        }
        (How::Local, Some((login, hash)), Some(known)) => renew(territory, known, login, hash, now).await,
        (How::Local, Some((login, hash)), None) => {
            let identity = (LOCAL, login.as_str());
            let new = New { login: login.clone(), name, password_hash: Some(hash), person: Some(person.id), identity };
            account::add(territory, new, now).await
        }
        (How::Local, None, _) => Err(Error::input("Il manque une adresse ou un mot de passe.")),
    }
}

async fn of_person(territory: &Territory<'_>, person: PersonId) -> Result<Option<Account>> {
    let linked = territory.find::<accounts::Entity>().filter(accounts::Column::PersonId.eq(person.0));
    Ok(linked.filter(accounts::Column::DisabledAtMs.is_null()).one(&territory.on()).await?)
}

/// Another address and password for an access that exists. Whoever was in is out.
async fn renew(territory: &Territory<'_>, known: Account, login: String, hash: String, now: Instant) -> Result<Account> {
    let id = AccountId(known.id);
    if !territory.roles_of(id).all(&territory.on()).await?.is_empty() {
        return Err(Error::conflict("Votre accès est aussi celui d’un agent : votre administrateur en change le mot de passe."));
    }
    let other = territory.find::<accounts::Entity>().filter(accounts::Column::Login.eq(login.as_str()));
    if other.filter(accounts::Column::Id.ne(known.id)).one(&territory.on()).await?.is_some() {
        return Err(Error::conflict("Cette adresse sert déjà à un autre compte. Deux personnes n’en partagent jamais un."));
    }
    account::replace_local(territory, id, &login, &hash, now).await?;
    session::end_all_of(territory, id).await?;
    Ok(Account { login, password_hash: Some(hash), ..known })
}

async fn spend(territory: &Territory<'_>, row: activation_code::Model, account: &Account) -> Result<()> {
    let update = territory.update::<activation_code::Entity>();
    let update = update.col_expr(activation_code::Column::UsedByAccountId, Expr::value(account.id));
    let update = update.filter(activation_code::Column::CodeHash.eq(row.code_hash));
    let spent = update.filter(activation_code::Column::UsedByAccountId.is_null()).exec(&territory.on()).await?;
    if spent.rows_affected == 1 { Ok(()) } else { Err(Error::conflict("Ce code vient d’être utilisé.")) }
}
