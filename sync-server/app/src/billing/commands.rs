//! `preau-server billing …`

use super::{decide, draft, issue};
use crate::Result;
use crate::app::Place;
use crate::cli::Outcome;

/// The subcommands of `billing`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Prépare le brouillon d'un mois : lignes, explications, problèmes. Ne change rien
    Draft(draft::Args),
    /// Décide de ce que le brouillon demande : la décision vaut pour les brouillons suivants
    Decide(decide::Args),
    /// Émet les factures d'un mois : numéros, comptes, puis documents et courriels. Tout, ou rien
    Issue(issue::command::Args),
}

/// Runs one.
///
/// # Errors
/// Those of the subcommand.
pub async fn run(place: &Place, command: &Command) -> Result<Outcome> {
    match command {
        Command::Draft(args) => draft::run(place, args).await,
        Command::Decide(args) => decide::run(place, args).await,
        Command::Issue(args) => Box::pin(issue::command::run(place, args)).await,
    }
}
