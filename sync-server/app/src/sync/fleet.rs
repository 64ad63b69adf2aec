//! The fleet of tablets, as an administrator sees it: `preau-server admin …`, and the office's page of tablets. Accounts are [`crate::identity::commands`]'.

use crate::app::{App, Place};
use crate::cli::Outcome;
use crate::identity::audit::{self, Act};
use crate::identity::commands as accounts;
use crate::keeping::reprise;
use crate::store::Territory;
use crate::store::entity::{device, device_report, enrolment_code, held_entry, quarantine, site, sync_session};
use crate::sync::enrol::new_code_for;
use crate::sync::{Desk, enrolment_qr, fingerprint, import_journal, publish, report};
use crate::{Error, Result};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, PaginatorTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};
use shared::calendar::{Instant, instant_from_ms, local};
use shared::id::SiteId;
use std::io::IsTerminal;
use std::path::PathBuf;
use uuid::Uuid;

/// What a row of the fleet is that is no device.
const CODE_KIND: &str = "enrolment_code";
/// How long a code that two keys tried is shown: whoever looks after the weekend sees it.
const DISPUTE_SHOWN_MS: i64 = 7 * 24 * 3_600_000;

/// The commands.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Donne un code d'enrôlement pour une tablette d'un site, valable 15 minutes
    EnrolmentCode {
        /// Code du site
        #[arg(long, value_name = "CODE")]
        site: String,
    },
    /// Liste les appareils (site, dernier contact, file en quarantaine) et les codes d'enrôlement en cours
    Devices {
        /// En JSON, pour un script
        #[arg(long)]
        json: bool,
    },
    /// Après une restauration : ce qu'il faut vérifier, puis la fin de la reprise
    Reprise(reprise::Args),
    /// Révoque une tablette perdue ou volée : elle ne lit plus rien, ce qu'elle remet attend une décision
    Revoke {
        /// Identifiant de la tablette, tel que « admin devices » le montre
        #[arg(long, value_name = "ID")]
        device: Uuid,
    },
    /// Prend les pointages d'un fichier fait par « preau-terminal export » ; recommencer ne double rien
    ImportJournal {
        /// Le fichier
        #[arg(value_name = "FICHIER")]
        file: PathBuf,
    },
    /// Comptes d'agents : création, rôles, mot de passe, second facteur
    #[command(subcommand)]
    Account(accounts::Command),
    /// Donne un code d'activation pour l'accès d'un responsable, valable 30 jours
    ActivationCode {
        /// Code du responsable
        #[arg(long, value_name = "CODE")]
        person: String,
    },
}

/// Runs a command.
///
/// # Errors
/// Those of the command.
pub async fn run(place: &Place, command: &Command) -> Result<Outcome> {
    let app = App::open(place).await?;
    match command {
        Command::EnrolmentCode { site } => enrolment_code(&app, site).await,
        Command::Reprise(args) => reprise::run(&app, args).await,
        Command::Devices { json } => devices(&app, *json).await,
        Command::Revoke { device } => revoke_command(&app, *device).await,
        Command::ImportJournal { file } => import_journal::run(&app, file).await,
        Command::Account(command) => accounts::run(&app, command).await,
        Command::ActivationCode { person } => accounts::activation_code(&app, person).await,
    }
}

async fn enrolment_code(app: &App, code: &str) -> Result<Outcome> {
    let reading = Territory::new(app.territoire(), app.db.read());
    let found = reading.find::<site::Entity>().filter(site::Column::Code.eq(code)).one(&reading.on()).await?;
    let place = found.ok_or_else(|| Error::NotFound(format!("Site « {code} »")))?;
    let shown = give_code(app, SiteId(place.id), "commande", Act::command("admin enrolment-code")).await?;
    println!("{shown}");
    let authority = Desk::open(app)?.authority;
    if std::io::stdout().is_terminal() {
        println!("{}", enrolment_qr::drawn(&shown, authority.certificate())?);
    }
    eprintln!("À saisir sur la tablette de « {} » dans les 15 minutes.", place.name);
    eprintln!("Empreinte de l'autorité que la tablette retiendra : {}", fingerprint::shown(authority.certificate()));
    Ok(Outcome::Done)
}

/// A new code for a site, with its line in the audit. It is shown once.
///
/// # Errors
/// A server that was restored and waits for its confirmation; the database's.
pub async fn give_code(app: &App, site: SiteId, by: &str, told: Act<'_>) -> Result<String> {
    give(app, site, None, by, told).await
}

/// The same, for a tablet that comes from another site: its life there ends when it has come in here.
///
/// # Errors
/// As [`give_code`].
pub async fn give_code_to_move(app: &App, device: Uuid, to: SiteId, by: &str, told: Act<'_>) -> Result<String> {
    give(app, to, Some(device), by, told).await
}

async fn give(app: &App, site: SiteId, moves: Option<Uuid>, by: &str, told: Act<'_>) -> Result<String> {
    if app.installation.reprise {
        return Err(Error::conflict("Le serveur vient d'être restauré : confirmez la reprise avant d'enrôler une tablette."));
    }
    let (now, transaction) = (app.clock.now(), app.db.begin().await?);
    let territory = Territory::new(app.territoire(), &transaction);
    let shown = new_code_for(&territory, site, moves, by, now).await?;
    let about = moves.map_or(("site", site.0), |device| ("device", device));
    audit::write(&territory, now, told.about(about.0, about.1)).await?;
    transaction.commit().await?;
    Ok(shown)
}

/// Revokes a tablet: from now on it reads nothing, and what it hands in waits for a decision. `false`: it was revoked already.
///
/// # Errors
/// The database's.
pub async fn revoke(territory: &Territory<'_>, device: Uuid, now: Instant, told: Act<'_>) -> Result<bool> {
    let on = territory.on();
    let still_in = territory.update::<device::Entity>().col_expr(device::Column::RevokedAtMs, Expr::value(now.timestamp_millis()));
    let still_in = still_in.filter(device::Column::Id.eq(device)).filter(device::Column::RevokedAtMs.is_null());
    let revoked = still_in.exec(&on).await?.rows_affected > 0;
    if revoked {
        territory.delete::<sync_session::Entity>().filter(sync_session::Column::DeviceId.eq(device)).exec(&on).await?;
        audit::write(territory, now, told.about("device", device)).await?;
        if let Some(row) = territory.find::<device::Entity>().filter(device::Column::Id.eq(device)).one(&on).await? {
            // The others of its site are told, so that what it hands them counts for nothing.
            publish::mark_moved(territory, SiteId(row.site_id), now).await?;
        }
    }
    Ok(revoked)
}

async fn devices(app: &App, json: bool) -> Result<Outcome> {
    let territory = Territory::new(app.territoire(), app.db.read());
    let all = fleet(&territory, app.clock.now()).await?;
    if json {
        println!("{}", serde_json::Value::Array(all));
        return Ok(Outcome::Done);
    }
    for line in lines(&all) {
        println!("{line}");
    }
    Ok(Outcome::Done)
}

/// Devices, then enrolment codes that are under way or that two keys tried.
///
/// # Errors
/// The database's.
pub async fn fleet(territory: &Territory<'_>, now: Instant) -> Result<Vec<Value>> {
    let on = territory.on();
    let sites = territory.find::<site::Entity>().all(&on).await?;
    let site_of = |id: Uuid| sites.iter().find(|s| s.id == id).map_or("", |s| s.code.as_str());
    let at = |ms: i64| local(instant_from_ms(ms)).format("%Y-%m-%dT%H:%M").to_string();
    let reports = territory.find::<device_report::Entity>().all(&on).await?;
    let key_of = |device: Uuid| {
        let report = reports.iter().find(|row| row.device_id == device).and_then(report::read);
        report.map(|(said, _)| said.key_storage).filter(|said| !said.is_empty())
    };
    let mut all = Vec::new();
    for row in territory.find::<device::Entity>().all(&on).await? {
        let quarantined = territory.find::<quarantine::Entity>().filter(quarantine::Column::DeviceId.eq(row.id)).count(&on).await?;
        let held = territory.find::<held_entry::Entity>().filter(held_entry::Column::DeviceId.eq(row.id)).count(&on).await?;
        all.push(json!({
            "device": row.id, "site": site_of(row.site_id), "kind": row.kind, "name": row.name, "epoch": row.epoch,
            "last_contact": row.last_contact_ms.map(at), "held": held, "quarantined": quarantined, "revoked": row.revoked_at_ms.is_some(),
            "succeeds": row.succeeds, "key_storage": key_of(row.id),
            "key": fingerprint::of(&row.public_key),
        }));
    }
    let living = Condition::all()
        .add(enrolment_code::Column::ExpiresAtMs.gt(now.timestamp_millis()))
        .add(enrolment_code::Column::FirstPushAtMs.is_null());
    let disputed = Condition::all()
        .add(enrolment_code::Column::OtherKey.is_not_null())
        .add(enrolment_code::Column::CreatedAtMs.gt(now.timestamp_millis() - DISPUTE_SHOWN_MS));
    let shown = territory.find::<enrolment_code::Entity>().filter(Condition::any().add(living).add(disputed));
    for row in shown.order_by_asc(enrolment_code::Column::CreatedAtMs).all(&on).await? {
        all.push(json!({
            "device": row.device_id, "site": site_of(row.site_id), "kind": CODE_KIND, "created": at(row.created_at_ms),
            "expires": at(row.expires_at_ms), "key": row.bound_key.as_deref().map(fingerprint::of),
            "other_key": row.other_key.as_deref().map(fingerprint::of),
        }));
    }
    Ok(all)
}

/// The same for a person.
#[must_use]
pub fn lines(all: &[Value]) -> Vec<String> {
    let text = |row: &Value, key: &str, otherwise: &str| row[key].as_str().unwrap_or(otherwise).to_owned();
    let (codes, devices): (Vec<&Value>, Vec<&Value>) = all.iter().partition(|row| row["kind"] == CODE_KIND);
    let mut lines: Vec<String> = devices
        .iter()
        .map(|row| {
            let state = if row["revoked"] == true { ", révoquée" } else { "" };
            let stored = row["key_storage"].as_str().map_or_else(String::new, |place| format!(", garde de la clé : {place}"));
            let (held, quarantined) = (&row["held"], &row["quarantined"]);
            format!(
                "{}  {}  {}  dernier contact : {}, en attente : {held}, en quarantaine : {quarantined}{stored}{state}",
                text(row, "device", ""),
                text(row, "site", ""),
                text(row, "name", ""),
                text(row, "last_contact", "jamais"),
            )
        })
        .collect();
    if lines.is_empty() {
        lines.push("Aucun appareil. « preau-server admin enrolment-code --site CODE » donne un code pour une tablette.".into());
    }
    for row in codes {
        let site = text(row, "site", "");
        let taken = match row["key"].as_str() {
            Some(key) => format!("pris par la tablette {} (clé {})", text(row, "device", ""), fingerprint::short(key)),
            None => "pas encore saisi".to_owned(),
        };
        lines.push(format!("Code d'enrôlement  {site}  valable jusqu'à {}, {taken}", text(row, "expires", "")));
        if let Some(other) = row["other_key"].as_str() {
            lines.push(format!(
                "  ATTENTION : une seconde tablette (clé {}) a présenté ce code. Vérifiez que la première est bien celle de « {site} » ; \
                 sinon, révoquez-la (admin revoke).",
                fingerprint::short(other)
            ));
        }
    }
    lines
}

async fn revoke_command(app: &App, id: Uuid) -> Result<Outcome> {
    let (now, transaction) = (app.clock.now(), app.db.begin().await?);
    let territory = Territory::new(app.territoire(), &transaction);
    let on = territory.on();
    let found = territory.find::<device::Entity>().filter(device::Column::Id.eq(id)).one(&on).await?;
    let found = found.filter(|d| d.kind == "tablet").ok_or_else(|| Error::NotFound(format!("Tablette {id}")))?;
    if !revoke(&territory, id, now, Act::command("admin revoke")).await? {
        println!("Tablette déjà révoquée : rien n'a changé.");
        return Ok(Outcome::Done);
    }
    transaction.commit().await?;
    println!("« {} » est révoquée : elle ne lit plus rien, et ce qu'elle remettra attendra une décision.", found.name);
    Ok(Outcome::Done)
}
