//! `preau-server billing draft --month AAAA-MM`: what would be billed, and what stands in the way. Changes nothing.

use super::{month, text};
use crate::app::{App, Place};
use crate::cli::Outcome;
use crate::store::entity::regie;
use crate::store::{Tenant, Territory};
use crate::{Error, Result};
use rules::Priced;
use rules::draft::Draft;
use rules::input::Request;
use rules::tariff::National;
use sea_orm::{ColumnTrait, QueryFilter};
use shared::calendar::Month;
use shared::id::OrganisationId;
use std::io::Write as _;

/// Arguments of `billing draft`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Mois à facturer, par exemple 2026-09
    #[arg(long, value_name = "AAAA-MM")]
    pub month: Month,
    /// Seulement cette régie
    #[arg(long, value_name = "CODE")]
    pub regie: Option<String>,
    /// Collectivité ; inutile s'il n'y en a qu'une
    #[arg(long, value_name = "CODE")]
    pub organisation: Option<String>,
    /// Seulement ce foyer : se recalcule aussitôt
    #[arg(long, value_name = "CODE")]
    pub foyer: Option<String>,
    /// Présentation : un texte à lire, ou le JSON du contrat
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Nomme aussi par leur identifiant les pointages importés ou saisis au bureau (ceux de la porte le sont toujours)
    #[arg(long)]
    pub preuves: bool,
}

/// How a draft is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For a person.
    Text,
    /// For a program.
    Json,
}

/// Runs the command.
///
/// # Errors
/// No such organisation or régie; the database's.
pub async fn run(place: &Place, args: &Args) -> Result<Outcome> {
    let app = App::open(place).await?;
    let snapshot = app.db.snapshot().await?;
    let territory = Territory::new(app.territoire(), &snapshot);
    let organisation = territory.organisation(args.organisation.as_deref()).await?;
    let tenant = territory.tenant(OrganisationId(organisation.id));
    let request = Request { month: args.month, regie: args.regie.as_deref(), with_entry_ids: args.preuves };
    let draft = match &args.foyer {
        Some(household) => of_household(&tenant, household, request).await?,
        None => priced(&tenant, request).await?.draft,
    };
    let printed = match args.format {
        Format::Json => serde_json::to_string(&draft).map_err(|error| Error::Unavailable(error.to_string()))? + "\n",
        Format::Text => text::draft(&draft),
    };
    print(&printed)
}

/// Prints what a command answers.
///
/// # Errors
/// An output that takes nothing.
pub fn print(answer: &str) -> Result<Outcome> {
    match std::io::stdout().write_all(answer.as_bytes()) {
        // Who reads only the beginning (`| head`) has what they wanted.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Error::io("sortie standard".as_ref())(error)),
        _ => Ok(Outcome::Done),
    }
}

/// The draft of one organisation's month, or of one régie's part of it. One moment of the database is read: the tenant's
/// connection is a snapshot.
///
/// # Errors
/// No such régie; the database's.
pub async fn draft(tenant: &Tenant<'_>, month: Month, regie: Option<&str>, with_entry_ids: bool) -> Result<Draft> {
    Ok(priced(tenant, Request { month, regie, with_entry_ids }).await?.draft)
}

/// The same, with the hours of its crèches.
///
/// # Errors
/// As [`draft`].
pub async fn priced(tenant: &Tenant<'_>, request: Request<'_>) -> Result<Priced> {
    known_regie(tenant, request.regie).await?;
    let input = month::read(tenant, request.month).await?;
    Ok(rules::price_with_indicators(&input, National::shipped(), request))
}

/// The draft of one household's month, as it stands in the whole one: what it owes, and the problems of its children.
///
/// # Errors
/// No such household; the database's.
pub async fn of_household(tenant: &Tenant<'_>, household: &str, request: Request<'_>) -> Result<Draft> {
    known_regie(tenant, request.regie).await?;
    let input = month::read_household(tenant, request.month, household).await?;
    Ok(rules::price(&input, National::shipped(), request))
}

/// That a régie asked for exists.
///
/// # Errors
/// Where it doesn't.
pub async fn known_regie(tenant: &Tenant<'_>, regie: Option<&str>) -> Result<()> {
    let Some(code) = regie else { return Ok(()) };
    let known = tenant.find::<regie::Entity>().filter(regie::Column::Code.eq(code)).one(&tenant.on()).await?;
    known.map(|_| ()).ok_or_else(|| Error::NotFound(format!("Régie « {code} »")))
}
