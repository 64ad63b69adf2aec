//! `preau-server admin account …` and `admin activation-code`: the first administrator, and help at the machine.

use crate::app::App;
use crate::cli::Outcome;
use crate::identity::account::{self, LOCAL, New, chosen_login, disable, folded_login, forget_totp, give_role, take_role};
use crate::identity::activation::new_code;
use crate::identity::audit::{self, Act};
use crate::identity::password::{Hasher, Password};
use crate::identity::roles::Role;
use crate::identity::session;
use crate::store::Territory;
use crate::store::entity::account::Model as Account;
use crate::store::entity::{account as accounts, person};
use crate::{Error, Result};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter};
use shared::id::{AccountId, CentreId, OrganisationId, PersonId};
use std::path::{Path, PathBuf};
use uuid::Uuid;
use zeroize::Zeroizing;

/// The commands about accounts.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Crée le compte d'un agent, avec un premier rôle
    Create {
        /// Adresse électronique, qui sert à se connecter
        #[arg(long, value_name = "ADRESSE")]
        login: String,
        /// Nom tel que les écrans le montrent
        #[arg(long, value_name = "NOM")]
        name: String,
        /// Son rôle
        #[command(flatten)]
        role: RoleArgs,
        /// Fichier qui contient le mot de passe ; sans lui, il est demandé
        #[arg(long, value_name = "FICHIER")]
        password_file: Option<PathBuf>,
    },
    /// Donne un rôle de plus, à partir d'aujourd'hui
    Grant {
        /// Adresse électronique du compte
        #[arg(long, value_name = "ADRESSE")]
        login: String,
        /// Le rôle
        #[command(flatten)]
        role: RoleArgs,
    },
    /// Retire un rôle, à partir d'aujourd'hui
    Withdraw {
        /// Adresse électronique du compte
        #[arg(long, value_name = "ADRESSE")]
        login: String,
        /// Le rôle
        #[arg(long)]
        role: Role,
        /// Code de la collectivité, s'il y en a plusieurs
        #[arg(long, value_name = "CODE")]
        organisation: Option<String>,
    },
    /// Change le mot de passe d'un compte ; ses sessions se terminent
    Password {
        /// Adresse électronique du compte
        #[arg(long, value_name = "ADRESSE")]
        login: String,
        /// Fichier qui contient le mot de passe ; sans lui, il est demandé
        #[arg(long, value_name = "FICHIER")]
        password_file: Option<PathBuf>,
    },
    /// Retire le second facteur d'un agent reconnu : il en choisit un nouveau à sa prochaine connexion
    ResetTotp {
        /// Adresse électronique du compte
        #[arg(long, value_name = "ADRESSE")]
        login: String,
    },
    /// Ferme un compte : personne n'entre plus, la trace reste
    Disable {
        /// Adresse électronique du compte
        #[arg(long, value_name = "ADRESSE")]
        login: String,
    },
}

/// A role, and where.
#[derive(Debug, Clone, clap::Args)]
pub struct RoleArgs {
    /// Rôle
    #[arg(long)]
    pub role: Role,
    /// Code de la collectivité, s'il y en a plusieurs
    #[arg(long, value_name = "CODE")]
    pub organisation: Option<String>,
    /// Code du lieu ; sans lui, toute la collectivité
    #[arg(long, value_name = "CODE")]
    pub lieu: Option<String>,
}

/// Runs a command.
///
/// # Errors
/// Those of the command.
pub async fn run(app: &App, command: &Command) -> Result<Outcome> {
    match command {
        Command::Create { login, name, role, password_file } => create(app, login, name, role, password_file.as_deref()).await,
        Command::Grant { login, role } => grant(app, login, role).await,
        Command::Withdraw { login, role, organisation } => withdraw(app, login, *role, organisation.as_deref()).await,
        Command::Password { login, password_file } => password(app, login, password_file.as_deref()).await,
        Command::ResetTotp { login } => {
            on_account(app, login, "admin account reset-totp", async |territory, account| forget_totp(territory, account).await).await?;
            done("Second facteur retiré. Le prochain se choisit à la prochaine connexion.")
        }
        Command::Disable { login } => {
            let now = app.clock.now();
            on_account(app, login, "admin account disable", async |territory, account| disable(territory, account, now).await).await?;
            done("Compte fermé, sessions terminées.")
        }
    }
}

fn done(said: &str) -> Result<Outcome> {
    println!("{said}");
    Ok(Outcome::Done)
}

/// The password of a file or, without one, as typed twice at the machine.
fn read_password(file: Option<&Path>) -> Result<Password> {
    let typed = Zeroizing::new(match file {
        Some(path) => std::fs::read_to_string(path).map_err(Error::io(path))?,
        None => {
            let ask = |prompt| {
                rpassword::prompt_password(prompt)
                    .map(Zeroizing::new)
                    .map_err(|_| Error::input("Aucun terminal où taper un mot de passe : indiquez --password-file FICHIER."))
            };
            let first = ask("Mot de passe : ")?;
            if *first != *ask("Encore une fois : ")? {
                return Err(Error::input("Les deux mots de passe diffèrent."));
            }
            first.to_string()
        }
    });
    Password::chosen(typed.trim_end_matches(['\r', '\n'])).map_err(Error::input)
}

async fn find(territory: &Territory<'_>, login: &str) -> Result<Account> {
    let of_login = territory.find::<accounts::Entity>().filter(accounts::Column::Login.eq(folded_login(login)));
    of_login.one(&territory.on()).await?.ok_or_else(|| Error::NotFound(format!("Compte « {login} »")))
}

/// The organisation and lieu of a role.
async fn place(territory: &Territory<'_>, role: &RoleArgs) -> Result<(OrganisationId, Option<CentreId>)> {
    let organisation = OrganisationId(territory.organisation(role.organisation.as_deref()).await?.id);
    let Some(code) = &role.lieu else { return Ok((organisation, None)) };
    let centres = territory.tenant(organisation).centres().await?;
    let centre = centres.into_iter().find(|c| c.code == *code).ok_or_else(|| Error::NotFound(format!("Lieu « {code} »")))?;
    Ok((organisation, Some(CentreId(centre.id))))
}

async fn create(app: &App, login: &str, name: &str, role: &RoleArgs, file: Option<&Path>) -> Result<Outcome> {
    let login = chosen_login(login).map_err(Error::input)?;
    let name = name.trim().to_owned();
    if name.is_empty() || name.chars().count() > 120 {
        return Err(Error::input("--name : attendu un nom de 120 caractères au plus."));
    }
    let hash = Hasher::default().hash(read_password(file)?).await?;
    let (now, transaction) = (app.clock.now(), app.db.begin().await?);
    let territory = Territory::new(app.territoire(), &transaction);
    let (organisation, centre) = place(&territory, role).await?;
    let new = New { login: login.clone(), name, password_hash: Some(hash), person: None, identity: (LOCAL, &login) };
    let account = account::add(&territory, new, now).await?;
    give_role(&territory, AccountId(account.id), organisation, (role.role, centre), app.clock.today()).await?;
    told(&territory, "admin account create", account.id, organisation, now).await?;
    transaction.commit().await?;
    done("Compte créé. Son second facteur se choisit à la première connexion.")
}

async fn told(
    territory: &Territory<'_>,
    route: &str,
    id: Uuid,
    organisation: OrganisationId,
    now: shared::calendar::Instant,
) -> Result<()> {
    audit::write(territory, now, Act::command(route).of(organisation).about("account", id)).await
}

async fn grant(app: &App, login: &str, role: &RoleArgs) -> Result<Outcome> {
    let (now, transaction) = (app.clock.now(), app.db.begin().await?);
    let territory = Territory::new(app.territoire(), &transaction);
    let account = find(&territory, login).await?;
    let (organisation, centre) = place(&territory, role).await?;
    if !give_role(&territory, AccountId(account.id), organisation, (role.role, centre), app.clock.today()).await? {
        return done("Ce compte a déjà ce rôle : rien n'a changé.");
    }
    told(&territory, "admin account grant", account.id, organisation, now).await?;
    transaction.commit().await?;
    done("Rôle donné.")
}

async fn withdraw(app: &App, login: &str, role: Role, organisation: Option<&str>) -> Result<Outcome> {
    let (now, transaction) = (app.clock.now(), app.db.begin().await?);
    let territory = Territory::new(app.territoire(), &transaction);
    let account = find(&territory, login).await?;
    let organisation = OrganisationId(territory.organisation(organisation).await?.id);
    if !take_role(&territory, AccountId(account.id), organisation, role, app.clock.today()).await? {
        return done("Ce compte n'a pas ce rôle : rien n'a changé.");
    }
    told(&territory, "admin account withdraw", account.id, organisation, now).await?;
    transaction.commit().await?;
    done("Rôle retiré.")
}

async fn password(app: &App, login: &str, file: Option<&Path>) -> Result<Outcome> {
    let hash = Hasher::default().hash(read_password(file)?).await?;
    on_account(app, login, "admin account password", async |territory, account| {
        account::change(territory, account, vec![(accounts::Column::PasswordHash, Expr::value(hash.clone()))]).await?;
        session::end_all_of(territory, account).await
    })
    .await?;
    done("Mot de passe changé, sessions terminées.")
}

/// An act on one account, with its line of the audit.
async fn on_account(app: &App, login: &str, route: &str, act: impl AsyncFn(&Territory<'_>, AccountId) -> Result<()>) -> Result<()> {
    let (now, transaction) = (app.clock.now(), app.db.begin().await?);
    let territory = Territory::new(app.territoire(), &transaction);
    let account = find(&territory, login).await?;
    act(&territory, AccountId(account.id)).await?;
    audit::write(&territory, now, Act::command(route).about("account", account.id)).await?;
    transaction.commit().await?;
    Ok(())
}

/// `admin activation-code`: for a letter to a guardian.
///
/// # Errors
/// No such person.
pub async fn activation_code(app: &App, person: &str) -> Result<Outcome> {
    let (now, transaction) = (app.clock.now(), app.db.begin().await?);
    let territory = Territory::new(app.territoire(), &transaction);
    let of_code = territory.find::<person::Entity>().filter(person::Column::Code.eq(person));
    let found = of_code.one(&territory.on()).await?.ok_or_else(|| Error::NotFound(format!("Responsable « {person} »")))?;
    let shown = new_code(&territory, &Hasher::default(), PersonId(found.id), "commande", now).await?;
    audit::write(&territory, now, Act::command("admin activation-code").about("person", found.id)).await?;
    transaction.commit().await?;
    println!("{shown}");
    eprintln!("Valable 30 jours, une fois, sur la page /activation. Les codes donnés avant ne valent plus.");
    Ok(Outcome::Done)
}
