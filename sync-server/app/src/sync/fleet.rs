//! `preau-server admin …`: the fleet of tablets, as an administrator sees it.

use crate::app::{App, Place};
use crate::cli::Outcome;
use crate::identity::audit::{self, Act};
use crate::keeping::reprise;
use crate::store::Territory;
use crate::store::entity::{device, held_entry, quarantine, site, sync_session};
use crate::sync::enrol::new_code;
use crate::{Error, Result};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter};
use shared::calendar::{instant_from_ms, local};
use shared::id::SiteId;
use uuid::Uuid;

/// The commands.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Donne un code d'enrôlement pour une tablette d'un site, valable 15 minutes
    EnrolmentCode {
        /// Code du site
        #[arg(long, value_name = "CODE")]
        site: String,
    },
    /// Liste les appareils : site, dernier contact, file en quarantaine
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
        Command::Revoke { device } => revoke(&app, *device).await,
    }
}

async fn enrolment_code(app: &App, code: &str) -> Result<Outcome> {
    if app.installation.reprise {
        return Err(Error::conflict("Le serveur vient d'être restauré : confirmez la reprise avant d'enrôler une tablette."));
    }
    let (now, transaction) = (app.clock.now(), app.db.begin().await?);
    let territory = Territory::new(app.territoire(), &transaction);
    let found = territory.find::<site::Entity>().filter(site::Column::Code.eq(code)).one(&territory.on()).await?;
    let place = found.ok_or_else(|| Error::NotFound(format!("Site « {code} »")))?;
    let shown = new_code(&territory, SiteId(place.id), "commande", now).await?;
    told(&territory, "admin enrolment-code", ("site", place.id), now).await?;
    transaction.commit().await?;
    println!("{shown}");
    eprintln!("À saisir sur la tablette de « {} » dans les 15 minutes.", place.name);
    Ok(Outcome::Done)
}

async fn told(territory: &Territory<'_>, route: &str, (kind, id): (&str, Uuid), now: shared::calendar::Instant) -> Result<()> {
    audit::write(territory, now, Act::command(route).about(kind, id)).await
}

async fn devices(app: &App, json: bool) -> Result<Outcome> {
    let territory = Territory::new(app.territoire(), app.db.read());
    let on = territory.on();
    let sites = territory.find::<site::Entity>().all(&on).await?;
    let mut lines = Vec::new();
    for row in territory.find::<device::Entity>().all(&on).await? {
        let quarantined = territory.find::<quarantine::Entity>().filter(quarantine::Column::DeviceId.eq(row.id)).count(&on).await?;
        let held = territory.find::<held_entry::Entity>().filter(held_entry::Column::DeviceId.eq(row.id)).count(&on).await?;
        let site = sites.iter().find(|s| s.id == row.site_id).map_or("", |s| s.code.as_str());
        lines.push(serde_json::json!({
            "device": row.id, "site": site, "kind": row.kind, "name": row.name, "epoch": row.epoch,
            "last_contact": row.last_contact_ms.map(|ms| local(instant_from_ms(ms)).format("%Y-%m-%dT%H:%M").to_string()),
            "held": held, "quarantined": quarantined, "revoked": row.revoked_at_ms.is_some(),
        }));
    }
    if json {
        println!("{}", serde_json::Value::Array(lines));
        return Ok(Outcome::Done);
    }
    for line in &lines {
        let text = |key: &str| line[key].as_str().unwrap_or("jamais").to_owned();
        let state = if line["revoked"] == true { ", révoquée" } else { "" };
        println!(
            "{}  {}  {}  dernier contact : {}, en attente : {}, en quarantaine : {}{state}",
            text("device"),
            text("site"),
            text("name"),
            text("last_contact"),
            line["held"],
            line["quarantined"]
        );
    }
    if lines.is_empty() {
        println!("Aucun appareil. « preau-server admin enrolment-code --site CODE » donne un code pour une tablette.");
    }
    Ok(Outcome::Done)
}

async fn revoke(app: &App, id: Uuid) -> Result<Outcome> {
    let (now, transaction) = (app.clock.now(), app.db.begin().await?);
    let territory = Territory::new(app.territoire(), &transaction);
    let on = territory.on();
    let found = territory.find::<device::Entity>().filter(device::Column::Id.eq(id)).one(&on).await?;
    let found = found.filter(|d| d.kind == "tablet").ok_or_else(|| Error::NotFound(format!("Tablette {id}")))?;
    if found.revoked_at_ms.is_some() {
        println!("Tablette déjà révoquée : rien n'a changé.");
        return Ok(Outcome::Done);
    }
    territory
        .update::<device::Entity>()
        .col_expr(device::Column::RevokedAtMs, Expr::value(now.timestamp_millis()))
        .filter(device::Column::Id.eq(id))
        .exec(&on)
        .await?;
    territory.delete::<sync_session::Entity>().filter(sync_session::Column::DeviceId.eq(id)).exec(&on).await?;
    told(&territory, "admin revoke", ("device", id), now).await?;
    transaction.commit().await?;
    println!("« {} » est révoquée : elle ne lit plus rien, et ce qu'elle remettra attendra une décision.", found.name);
    Ok(Outcome::Done)
}
