//! `preau-server admin reprise`: what somebody has to confirm after a restore, before anything counts again.

use crate::app::App;
use crate::cli::Outcome;
use crate::identity::audit::{self, Act};
use crate::store::entity::{device, number_sequence, payment, regie};
use crate::store::{self, Territory, raise_sequence};
use crate::{Error, Result};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use shared::id::OrganisationId;

/// Arguments of `admin reprise`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Met fin à la reprise : tout a été vérifié
    #[arg(long)]
    pub confirmer: bool,
    /// Dernier numéro déjà donné avant la panne, s'il est plus grand que celui de la sauvegarde : COLLECTIVITE:REGIE:EXERCICE:F=4512
    #[arg(long, value_name = "SUITE=NUMERO")]
    pub dernier_numero: Vec<String>,
    /// Qui confirme
    #[arg(long, value_name = "AGENT", default_value = "console")]
    pub by: String,
}

/// Runs the command.
///
/// # Errors
/// A sequence that doesn't exist or would go down.
pub async fn run(app: &App, args: &Args) -> Result<Outcome> {
    if !app.installation.reprise {
        println!("Pas de reprise en cours.");
        return Ok(Outcome::Done);
    }
    if !args.confirmer {
        println!("{}", to_look_at(app).await?);
        println!("Puis : preau-server admin reprise --confirmer [--dernier-numero COLLECTIVITE:REGIE:EXERCICE:F=NUMERO]…");
        return Ok(Outcome::Finding);
    }
    confirm(app, &args.dernier_numero, &args.by).await?;
    println!("La reprise est terminée. Redémarrez le serveur.");
    Ok(Outcome::Done)
}

/// Ends the reprise: sequences go up to the last numbers that were really given, and everything counts again.
///
/// # Errors
/// A sequence that doesn't exist or would go down.
pub async fn confirm(app: &App, last_numbers: &[String], by: &str) -> Result<()> {
    let transaction = app.db.begin().await?;
    let territory = Territory::new(app.territoire(), &transaction);
    for said in last_numbers {
        raise_to(&territory, said).await?;
    }
    store::set_reprise(&transaction, false, None).await?;
    audit::write(&territory, app.clock.now(), Act::command("admin reprise").by(by)).await?;
    transaction.commit().await?;
    Ok(())
}

/// What a person holds against what really happened since the backup.
async fn to_look_at(app: &App) -> Result<String> {
    let territory = Territory::new(app.territoire(), app.db.read());
    let on = territory.on();
    let mut lines = vec![
        "À vérifier avant de confirmer la reprise :".to_owned(),
        "1. Tablettes révoquées depuis la sauvegarde (à révoquer de nouveau) :".into(),
    ];
    for row in
        territory.find::<device::Entity>().filter(device::Column::Kind.eq("tablet")).order_by_asc(device::Column::Name).all(&on).await?
    {
        let state = if row.revoked_at_ms.is_some() { "révoquée" } else { "en service" };
        lines.push(format!("   {} {} : {state}", row.name, row.id));
    }
    lines.push("2. Derniers numéros donnés (ils ne peuvent que monter) :".into());
    for organisation in territory.organisations().await? {
        let tenant = territory.tenant(OrganisationId(organisation.id));
        let regies = tenant.find::<regie::Entity>().all(&on).await?;
        for row in tenant.find::<number_sequence::Entity>().order_by_asc(number_sequence::Column::Exercise).all(&on).await? {
            let regie = regies.iter().find(|r| r.id == row.regie_id).map_or("?", |r| r.code.as_str());
            lines.push(format!("   {}:{regie}:{}:{}={}", organisation.code, row.exercise, row.kind, row.last_number));
        }
        let open = tenant.find::<payment::Entity>().filter(payment::Column::State.is_in(["cree", "en_cours"])).all(&on).await?;
        lines.push(format!("3. {} : {} paiement(s) PayFiP en cours à rapprocher avec la Trésorerie.", organisation.name, open.len()));
    }
    Ok(lines.join("\n"))
}

async fn raise_to(territory: &Territory<'_>, said: &str) -> Result<()> {
    let wrong = || Error::input(format!("« {said} » : attendu COLLECTIVITE:REGIE:EXERCICE:F=NUMERO."));
    let (sequence, number) = said.split_once('=').ok_or_else(wrong)?;
    let [organisation, regie, exercise, kind] = sequence.split(':').collect::<Vec<_>>()[..] else { return Err(wrong()) };
    let (number, exercise): (i64, i32) = (number.parse().map_err(|_| wrong())?, exercise.parse().map_err(|_| wrong())?);
    if !matches!(kind, "F" | "A") {
        return Err(wrong());
    }
    let organisation = territory.organisation(Some(organisation)).await?;
    let tenant = territory.tenant(OrganisationId(organisation.id));
    let row = tenant.find::<regie::Entity>().filter(regie::Column::Code.eq(regie)).one(&tenant.on()).await?;
    let row = row.ok_or_else(|| Error::NotFound(format!("Régie « {regie} »")))?;
    let now = raise_sequence(&tenant, row.id, exercise, kind, 0).await?;
    if number < now {
        return Err(Error::conflict(format!("{sequence} : le dernier numéro est {now}, une suite ne redescend pas.")));
    }
    raise_sequence(&tenant, row.id, exercise, kind, number - now).await?;
    Ok(())
}
