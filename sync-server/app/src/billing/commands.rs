//! `preau-server billing …`

use super::{decide, draft, indicators, issue};
use crate::Result;
use crate::app::Place;
use crate::cli::Outcome;
use crate::ledger::commands as ledger;

/// The subcommands of `billing`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Prépare le brouillon d'un mois : lignes, explications, problèmes. Ne change rien
    Draft(draft::Args),
    /// Compte pour la CNAF les heures réalisées et facturées des crèches d'un mois, et leur taux de facturation
    Indicators(indicators::Args),
    /// Décide de ce que le brouillon demande : la décision vaut pour les brouillons suivants
    Decide(decide::Args),
    /// Émet les factures d'un mois : numéros, comptes, puis documents et courriels. Tout, ou rien
    Issue(issue::command::Args),
    /// Annule une facture par un avoir de toutes ses lignes ; ce qui reste dû des mêmes faits se facture de nouveau au passage suivant
    Cancel(ledger::CancelArgs),
}

/// Runs one.
///
/// # Errors
/// Those of the subcommand.
pub async fn run(place: &Place, command: &Command) -> Result<Outcome> {
    match command {
        Command::Draft(args) => draft::run(place, args).await,
        Command::Indicators(args) => indicators::run(place, args).await,
        Command::Decide(args) => decide::run(place, args).await,
        Command::Cancel(args) => ledger::cancelled(place, args).await,
        Command::Issue(args) => Box::pin(issue::command::run(place, args)).await,
    }
}
