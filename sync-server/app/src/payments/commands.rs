//! `preau-server payments …`

use super::poll::{Turn, poll_due};
use crate::app::App;
use crate::cli::Outcome;
use crate::store::Territory;
use crate::store::entity::{invoice, payment, regie};
use crate::{Error, Result};
use chrono::SecondsFormat;
use payfip::NumCli;
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;
use shared::calendar::instant_from_ms;
use shared::id::OrganisationId;
use std::collections::HashMap;
use uuid::Uuid;

/// Payments in one list; the latest.
const LISTED_MAX: u64 = 10_000;
/// Turns of one command: what is due now, and not what becomes due meanwhile.
const TURNS_MAX: usize = 500;

/// The subcommands of `payments`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Demande à PayFiP qui est le numéro client d'une régie : à faire avant de l'ouvrir aux familles
    Check {
        /// Code de la régie
        #[arg(long, value_name = "CODE")]
        regie: String,
        /// Collectivité ; inutile s'il n'y en a qu'une
        #[arg(long, value_name = "CODE")]
        organisation: Option<String>,
    },
    /// Demande maintenant les résultats attendus (le serveur en marche le fait de lui-même)
    Poll,
    /// Les paiements, du plus récent au plus ancien, sans aucun nom
    List {
        /// Seulement ceux de cet état : cree, en_cours, paye, refuse, abandonne, expire, erreur, a_verifier
        #[arg(long, value_name = "ETAT")]
        state: Option<String>,
        /// Forme de la liste
        #[arg(long, default_value = "json", value_parser = ["json"])]
        format: String,
    },
}

/// Runs one.
///
/// # Errors
/// Those of the subcommand.
pub async fn run(app: &App, command: &Command) -> Result<Outcome> {
    match command {
        Command::Check { regie, organisation } => check(app, regie, organisation.as_deref()).await,
        Command::Poll => poll(app).await,
        Command::List { state, .. } => list(app, state.as_deref()).await,
    }
}

/// The self-test of a régie.
async fn check(app: &App, code: &str, organisation: Option<&str>) -> Result<Outcome> {
    let reading = Territory::new(app.territoire(), app.db.read());
    let organisation = reading.organisation(organisation).await?;
    let tenant = reading.tenant(OrganisationId(organisation.id));
    let found = tenant.find::<regie::Entity>().filter(regie::Column::Code.eq(code)).one(&tenant.on()).await?;
    let found = found.ok_or_else(|| Error::NotFound(format!("Régie « {code} »")))?;
    if found.mode != "regie" {
        return Err(Error::Finding(format!(
            "La régie « {code} » est en mode {} : le Trésor public encaisse, PayFiP régie ne s’y applique pas.",
            found.mode
        )));
    }
    let number = found
        .numcli
        .ok_or_else(|| Error::Finding(format!("La régie « {code} » n’a pas de numéro client : remplissez numcli dans regies.csv.")))?;
    let number = NumCli::new(&number).map_err(|error| Error::Finding(error.to_string()))?;
    let told = app.payfip.client()?.client_detail(&number).await.map_err(|error| Error::Finding(advice(&error)))?;
    println!("Le numéro client {number} est connu de PayFiP :");
    for line in [told.libelle_n1, told.libelle_n2, told.libelle_n3].into_iter().flatten() {
        println!("  {line}");
    }
    println!("Vérifiez que c’est bien la régie « {} ».", found.name);
    if app.settings.payfip.saisie != "W" {
        println!(
            "Mode {} : aucun paiement n’est encaissé. Mettez payfip.saisie = \"W\" pour ouvrir aux familles.",
            app.settings.payfip.saisie
        );
    }
    Ok(Outcome::Done)
}

/// What to do about a self-test that failed (docs/payfip.md).
fn advice(error: &payfip::Error) -> String {
    let what = match error {
        payfip::Error::Functional { code, .. } => match code.as_str() {
            "T1" => "Vérifiez les 6 chiffres du numéro client.",
            "T2" => "L’adhésion n’est pas encore enregistrée, ou le numéro est celui d’une autre plateforme : voyez la DDFiP.",
            "T4" => "Demandez à la DDFiP le mode « service web » pour ce numéro.",
            _ => "Donnez ce code à la DDFiP.",
        },
        _ => "Vérifiez que ce serveur peut joindre l’adresse de PayFiP (payfip.adresse dans preau.toml), port 443, puis recommencez.",
    };
    format!("{error}\n{what}")
}

async fn poll(app: &App) -> Result<Outcome> {
    if app.installation.reprise {
        return Err(Error::conflict("Le serveur est en reprise : aucun paiement n’est demandé avant qu’elle soit confirmée."));
    }
    let mut all = Turn::default();
    for _ in 0..TURNS_MAX {
        let turn = poll_due(app).await?;
        (all.asked, all.known, all.unanswered) = (all.asked + turn.asked, all.known + turn.known, all.unanswered + turn.unanswered);
        if turn.asked == 0 || turn.unanswered > 0 {
            break;
        }
    }
    println!("{} demandés à PayFiP, {} résultats, {} sans réponse.", all.asked, all.known, all.unanswered);
    if all.unanswered > 0 {
        return Err(Error::Unavailable("PayFiP ne répond pas : les paiements restants seront demandés plus tard.".into()));
    }
    Ok(Outcome::Done)
}

/// One payment in the list: ids and states.
#[derive(Debug, Serialize)]
struct Listed {
    id: Uuid,
    organisation: String,
    invoice: String,
    amount_cents: i64,
    saisie: String,
    state: String,
    outcome: Option<String>,
    note: Option<String>,
    created_at: String,
    settled_at: Option<String>,
    next_ask_at: Option<String>,
}

async fn list(app: &App, state: Option<&str>) -> Result<Outcome> {
    let reading = Territory::new(app.territoire(), app.db.read());
    let mut wanted = reading.payments();
    if let Some(state) = state {
        wanted = wanted.filter(payment::Column::State.eq(state));
    }
    let count = wanted.clone().count(&reading.on()).await?;
    let rows =
        wanted.order_by_desc(payment::Column::CreatedAtMs).order_by_desc(payment::Column::Id).limit(LISTED_MAX).all(&reading.on()).await?;
    if count > LISTED_MAX {
        eprintln!("{count} paiements : les {LISTED_MAX} plus récents sont donnés.");
    }
    let organisations: HashMap<Uuid, String> = reading.organisations().await?.into_iter().map(|o| (o.id, o.code)).collect();
    let mut numbers: HashMap<Uuid, String> = HashMap::new();
    for rows in rows.chunks(crate::attendance::journal::IDS_A_QUERY_MAX) {
        let bills = reading.invoices().filter(invoice::Column::Id.is_in(rows.iter().map(|row| row.invoice_id)));
        numbers.extend(bills.all(&reading.on()).await?.into_iter().map(|bill| (bill.id, bill.printed_number)));
    }
    let at = |ms: i64| instant_from_ms(ms).to_rfc3339_opts(SecondsFormat::Secs, true);
    let listed = |row: payment::Model| Listed {
        id: row.id,
        organisation: organisations.get(&row.organisation_id).cloned().unwrap_or_default(),
        invoice: numbers.get(&row.invoice_id).cloned().unwrap_or_default(),
        amount_cents: row.amount_cents,
        note: super::settle::Proof::of(&row).note,
        created_at: at(row.created_at_ms),
        settled_at: row.settled_at_ms.map(at),
        next_ask_at: row.next_ask_ms.map(at),
        saisie: row.saisie,
        state: row.state,
        outcome: row.outcome,
    };
    let listed: Vec<Listed> = rows.into_iter().map(listed).collect();
    println!("{}", serde_json::to_string_pretty(&listed).map_err(|error| Error::Unavailable(error.to_string()))?);
    Ok(Outcome::Done)
}
