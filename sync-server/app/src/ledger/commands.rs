//! `preau-server ledger …`, and `billing cancel`.

use super::{Cancel, FORGIVENESS, MEANS, Receipt, Void, WriteOff, by_number, cancel, receive, statement, void, write_off};
use crate::app::{App, Place};
use crate::billing::books;
use crate::billing::draft::{Format, print};
use crate::billing::text;
use crate::cli::Outcome;
use crate::identity::audit::Act;
use crate::store::entity::{person, receipt, regie};
use crate::store::{Tenant, Territory};
use crate::{Error, Result};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use sea_orm::{ColumnTrait, QueryFilter};
use serde::Serialize;
use shared::id::OrganisationId;
use shared::money::{Cents, Rounding};
use std::fmt::Write as _;
use uuid::Uuid;

/// The subcommands of `ledger`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Refait les comptes depuis les écritures : équilibre, factures, paiements, affectations, suites de numéros ; une erreur : sortie 1
    Verify(books::Args),
    /// Encaisse au guichet : une quittance numérotée, affectée à la facture puis aux plus anciennes
    Receive(ReceiveArgs),
    /// Annule une quittance (chèque rejeté, erreur de saisie) : ce qu'elle payait est de nouveau dû
    Void(VoidArgs),
    /// Remise gracieuse, non-valeur ou créance éteinte, sous le numéro de sa délibération
    WriteOff(WriteOffArgs),
    /// Le compte d'un payeur à une régie, ligne à ligne, avec son solde
    Statement(StatementArgs),
}

/// Which organisation, and who acts.
#[derive(Debug, clap::Args)]
pub struct At {
    /// Collectivité ; inutile s'il n'y en a qu'une
    #[arg(long, value_name = "CODE")]
    pub organisation: Option<String>,
    /// Qui agit, tel que le journal des actes le retiendra
    #[arg(long, value_name = "AGENT", default_value = "console")]
    pub by: String,
}

/// Which bill.
#[derive(Debug, clap::Args)]
pub struct OfBill {
    /// Numéro imprimé sur la facture, par exemple F-2026-000012
    #[arg(long, value_name = "NUMERO")]
    pub bill: String,
    /// Régie, si plusieurs ont une facture de ce numéro
    #[arg(long, value_name = "CODE")]
    pub regie: Option<String>,
}

/// Arguments of `ledger receive`.
#[derive(Debug, clap::Args)]
pub struct ReceiveArgs {
    #[command(flatten)]
    bill: OfBill,
    /// especes, cheque, carte, virement, prelevement, cesu ou ancv
    #[arg(long, value_name = "MOYEN", value_parser = codes(&MEANS.map(|(code, _)| code)))]
    means: String,
    /// Montant, en euros
    #[arg(long, value_name = "EUROS", value_parser = euros)]
    amount: Cents,
    /// Jour du paiement ; aujourd'hui par défaut
    #[arg(long, value_name = "AAAA-MM-JJ")]
    date: Option<NaiveDate>,
    /// Numéro du chèque, référence du virement
    #[arg(long, value_name = "TEXTE", default_value = "")]
    reference: String,
    #[command(flatten)]
    at: At,
}

/// Arguments of `ledger void`.
#[derive(Debug, clap::Args)]
pub struct VoidArgs {
    /// Numéro de la quittance, par exemple Q-2026-000003
    #[arg(long, value_name = "NUMERO")]
    quittance: String,
    /// Régie, si plusieurs ont une quittance de ce numéro
    #[arg(long, value_name = "CODE")]
    regie: Option<String>,
    /// Pourquoi
    #[arg(long, value_name = "TEXTE")]
    motif: String,
    #[command(flatten)]
    at: At,
}

/// Arguments of `ledger write-off`.
#[derive(Debug, clap::Args)]
pub struct WriteOffArgs {
    #[command(flatten)]
    bill: OfBill,
    /// remise_gracieuse, non_valeur ou creance_eteinte
    #[arg(long, value_name = "MOTIF", value_parser = codes(&FORGIVENESS.map(|(code, _)| code)))]
    kind: String,
    /// Montant, en euros : au plus ce qui reste à payer
    #[arg(long, value_name = "EUROS", value_parser = euros)]
    amount: Cents,
    /// Délibération ou jugement : numéro et date
    #[arg(long, value_name = "TEXTE")]
    deliberation: String,
    #[command(flatten)]
    at: At,
}

/// Arguments of `ledger statement`.
#[derive(Debug, clap::Args)]
pub struct StatementArgs {
    /// Code du payeur (`responsables.csv`)
    #[arg(long, value_name = "CODE")]
    payer: String,
    /// Code de la régie
    #[arg(long, value_name = "CODE")]
    regie: String,
    /// Collectivité ; inutile s'il n'y en a qu'une
    #[arg(long, value_name = "CODE")]
    organisation: Option<String>,
    /// Présentation : un texte à lire, ou du JSON
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Arguments of `billing cancel`.
#[derive(Debug, clap::Args)]
pub struct CancelArgs {
    #[command(flatten)]
    bill: OfBill,
    /// Pourquoi : l'avoir le porte
    #[arg(long, value_name = "TEXTE")]
    motif: String,
    #[command(flatten)]
    at: At,
}

fn codes(known: &[&'static str]) -> clap::builder::PossibleValuesParser {
    known.to_vec().into()
}

/// "12.50" or "12,50".
///
/// # Errors
/// Anything else.
pub fn euros(typed: &str) -> std::result::Result<Cents, String> {
    let wrong = || format!("« {typed} » n'est pas un montant : attendu 12.50 ou 12,50");
    let plain = typed.trim().replace(',', ".");
    let euros: Decimal = Decimal::from_str_exact(&plain).map_err(|_| wrong())?;
    // Eleven figures are more than any limit, and fit cents.
    let fits = euros.scale() <= 2 && euros.abs() < Decimal::from(100_000_000_000_i64);
    if fits { Ok(Cents::from_euros(euros, Rounding::DemiSuperieur)) } else { Err(wrong()) }
}

/// Runs a command on the ledger.
///
/// # Errors
/// Those of the command.
pub async fn run(place: &Place, command: &Command) -> Result<Outcome> {
    match command {
        Command::Verify(args) => books::run(place, args).await,
        Command::Receive(args) => received(place, args).await,
        Command::Void(args) => voided(place, args).await,
        Command::WriteOff(args) => written_off(place, args).await,
        Command::Statement(args) => account(place, args).await,
    }
}

async fn organisation(app: &App, code: Option<&str>) -> Result<OrganisationId> {
    Ok(OrganisationId(Territory::new(app.territoire(), app.db.read()).organisation(code).await?.id))
}

async fn bill(app: &App, of: OrganisationId, asked: &OfBill) -> Result<Uuid> {
    let tenant = Territory::new(app.territoire(), app.db.read()).tenant(of);
    by_number(&tenant, &asked.bill, asked.regie.as_deref()).await
}

async fn received(place: &Place, args: &ReceiveArgs) -> Result<Outcome> {
    let app = App::open(place).await?;
    let of = organisation(&app, args.at.organisation.as_deref()).await?;
    let asked = Receipt {
        id: crate::store::new_id(app.clock.now())?,
        bill: bill(&app, of, &args.bill).await?,
        means: &args.means,
        amount: args.amount,
        on: args.date.unwrap_or_else(|| app.clock.today()),
        reference: &args.reference,
    };
    let row = receive(&app, of, &asked, &args.at.by, Act::command("ledger receive").by(&args.at.by)).await?;
    println!("Quittance {} : {} encaissés.", row.printed_number, Cents(row.amount_cents));
    Ok(Outcome::Done)
}

async fn voided(place: &Place, args: &VoidArgs) -> Result<Outcome> {
    let app = App::open(place).await?;
    let of = organisation(&app, args.at.organisation.as_deref()).await?;
    let tenant = Territory::new(app.territoire(), app.db.read()).tenant(of);
    let mut found = tenant.find::<receipt::Entity>().filter(receipt::Column::PrintedNumber.eq(&args.quittance)).all(&tenant.on()).await?;
    if let Some(code) = &args.regie {
        let regie = regie_of(&tenant, code).await?;
        found.retain(|row| row.regie_id == regie);
    }
    let receipt = match found.as_slice() {
        [] => return Err(Error::NotFound(format!("Quittance « {} »", args.quittance))),
        [one] => one.id,
        _ => return Err(Error::input(format!("Plusieurs régies ont une quittance {} : précisez --regie CODE.", args.quittance))),
    };
    let asked = Void { receipt, reason: &args.motif };
    let row = void(&app, of, asked, &args.at.by, Act::command("ledger void").by(&args.at.by)).await?;
    println!("Quittance {} annulée : {} sont de nouveau dus.", row.printed_number, Cents(row.amount_cents));
    Ok(Outcome::Done)
}

async fn written_off(place: &Place, args: &WriteOffArgs) -> Result<Outcome> {
    let app = App::open(place).await?;
    let of = organisation(&app, args.at.organisation.as_deref()).await?;
    let asked = WriteOff {
        id: crate::store::new_id(app.clock.now())?,
        bill: bill(&app, of, &args.bill).await?,
        kind: &args.kind,
        amount: args.amount,
        deliberation: &args.deliberation,
    };
    let row = write_off(&app, of, asked, &args.at.by, Act::command("ledger write-off").by(&args.at.by)).await?;
    println!("{} de {} ({}) : {}.", args.bill.bill, Cents(row.amount_cents), row.kind, row.deliberation);
    Ok(Outcome::Done)
}

/// Runs `billing cancel`.
///
/// # Errors
/// As [`cancel`].
pub async fn cancelled(place: &Place, args: &CancelArgs) -> Result<Outcome> {
    let app = App::open(place).await?;
    let of = organisation(&app, args.at.organisation.as_deref()).await?;
    let asked = Cancel { bill: bill(&app, of, &args.bill).await?, reason: &args.motif };
    let note = cancel(&app, of, asked, &args.at.by, Act::command("billing cancel").by(&args.at.by)).await?;
    println!("{} est annulée par l'avoir {}, {}.", args.bill.bill, note.printed_number, Cents(note.total_cents));
    Ok(Outcome::Done)
}

async fn regie_of(tenant: &Tenant<'_>, code: &str) -> Result<Uuid> {
    let found = tenant.find::<regie::Entity>().filter(regie::Column::Code.eq(code)).one(&tenant.on()).await?;
    Ok(found.ok_or_else(|| Error::NotFound(format!("Régie « {code} »")))?.id)
}

/// An account, as the command answers.
#[derive(Serialize)]
struct Answer<'a> {
    payer: &'a str,
    regie: &'a str,
    balance_cents: Cents,
    rows: Vec<statement::Row>,
}

async fn account(place: &Place, args: &StatementArgs) -> Result<Outcome> {
    let app = App::open(place).await?;
    let snapshot = app.db.snapshot().await?;
    let territory = Territory::new(app.territoire(), &snapshot);
    let organisation = territory.organisation(args.organisation.as_deref()).await?;
    let tenant = territory.tenant(OrganisationId(organisation.id));
    let regie = regie_of(&tenant, &args.regie).await?;
    let payers = tenant.about_households::<person::Entity>(person::Column::HouseholdId).filter(person::Column::Code.eq(&args.payer));
    let payer = payers.one(&tenant.on()).await?.ok_or_else(|| Error::NotFound(format!("Payeur « {} »", args.payer)))?;
    let rows = statement::read(&tenant, payer.id, regie).await?;
    let balance_cents = rows.last().map_or(Cents::ZERO, |row| row.balance_cents);
    let answer = Answer { payer: &args.payer, regie: &args.regie, balance_cents, rows };
    match args.format {
        Format::Json => print(&(text::json(&answer)? + "\n")),
        Format::Text => print(&said(&answer)),
    }
}

fn said(answer: &Answer<'_>) -> String {
    let mut out = format!("Compte de {} à la régie {}\n", answer.payer, answer.regie);
    for row in &answer.rows {
        _ = writeln!(out, "  {}  {} : {}, solde {}", row.date.format("%d/%m/%Y"), row.label, row.amount_cents, row.balance_cents);
    }
    _ = match answer.balance_cents.0 {
        0 => writeln!(out, "Rien à payer."),
        owed if owed > 0 => writeln!(out, "À payer : {}.", answer.balance_cents),
        _ => writeln!(out, "D'avance : {}.", -answer.balance_cents),
    };
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_euros_and_cents() {
        assert_eq!((euros("12,50"), euros(" 7 "), euros("-3.2")), (Ok(Cents(1250)), Ok(Cents(700)), Ok(Cents(-320))));
        for wrong in ["12.505", "douze", "", "1e9", "999999999999"] {
            assert!(euros(wrong).is_err(), "{wrong}");
        }
    }
}
