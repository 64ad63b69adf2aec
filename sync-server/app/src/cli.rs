//! The command line: one line a subcommand, each in its desk's folder; one place for exit codes.

use crate::api;
use crate::app::{App, Place};
use crate::attendance::commands as attendance;
use crate::billing::{commands as billing, tariff_check};
use crate::keeping::{backup, restore};
use crate::ledger::commands as ledger;
use crate::payments::commands as payments;
use crate::registry::{import, init};
use crate::serve;
use crate::sync::fleet;
use crate::{Error, Result};
use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use std::io::IsTerminal;
use std::process::ExitCode;

/// Le serveur de Préau : pointages, familles, factures.
#[derive(Debug, Parser)]
#[command(
    name = "preau-server",
    version,
    disable_help_subcommand = true,
    after_help = "Pour commencer :\n  preau-server init --nom \"Agglomération du Val\"\n  preau-server import mes-fichiers/\n\n\
                  Codes de sortie : 0 fait, 1 un constat, 2 une entrée à corriger, 3 indisponible."
)]
pub struct Cli {
    /// Where the installation is.
    #[command(flatten)]
    pub place: Place,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Crée l'installation : tables, territoire, clés. Sans effet si elle existe déjà
    Init(init::Args),
    /// Charge un dossier de fichiers CSV et de grilles tarifaires : tout, ou rien
    Import(import::Args),
    /// Facturation
    #[command(subcommand)]
    Billing(billing::Command),
    /// Paiements en ligne : essai d'une régie, résultats à demander, liste
    #[command(subcommand)]
    Payments(payments::Command),
    /// Les comptes des familles : encaisser au guichet, annuler, remettre, relevé, vérification
    #[command(subcommand)]
    Ledger(ledger::Command),
    /// Le journal des pointages : vérification, export
    #[command(subcommand)]
    Journal(attendance::Journal),
    /// Feuilles de présence : lire, signer, corriger
    #[command(subcommand)]
    Attendance(attendance::Attendance),
    /// Grilles tarifaires
    #[command(subcommand)]
    Tariff(tariff_check::Command),
    /// Sert les tablettes et les pages, jusqu'à Ctrl-C
    Serve(serve::Args),
    /// Sauvegarde l'installation, pendant qu'elle sert
    Backup(backup::Args),
    /// Restaure une sauvegarde dans un dossier vide, en reprise
    Restore(restore::Args),
    /// Comptes et parc de tablettes : accès, rôles, codes, appareils, révocation
    #[command(subcommand)]
    Admin(fleet::Command),
    /// Écrit la description OpenAPI de tout ce que le serveur répond
    Openapi,
    /// Écrit le complément de commandes pour un shell (bash, zsh, fish…)
    Completions {
        /// Pour quel shell
        shell: Shell,
    },
}

/// How a command that was carried out ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Exit 0.
    Done,
    /// Exit 1: what was looked for was found, and has been printed.
    Finding,
}

/// Runs the program to its end.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::try_from_env("PREAU_LOG").unwrap_or_else(|_| "warn".into()))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&Error::Unavailable(format!("Le système refuse de démarrer des tâches : {error}"))),
    };
    match runtime.block_on(run(cli)) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Finding) => ExitCode::from(1),
        Err(error) => fail(&error),
    }
}

fn fail(error: &Error) -> ExitCode {
    eprintln!("{error}");
    error.exit_code()
}

/// Carries out one command.
///
/// # Errors
/// Those of the command.
pub async fn run(cli: Cli) -> Result<Outcome> {
    let place = cli.place;
    match cli.command {
        Command::Init(args) => init::run(&place, &args).await,
        Command::Import(args) => Box::pin(import::run(&App::open(&place).await?, &args)).await,
        Command::Billing(command) => billing::run(&place, &command).await,
        Command::Payments(command) => payments::run(&App::open(&place).await?, &command).await,
        Command::Ledger(command) => ledger::run(&place, &command).await,
        Command::Attendance(command) => attendance::attendance(&place, &command).await,
        Command::Journal(command) => attendance::journal(&place, &command).await,
        Command::Tariff(command) => tariff_check::run(&command),
        Command::Serve(args) => serve::run(&place, &args).await,
        Command::Backup(args) => backup::run(&place, &args).await,
        Command::Restore(args) => restore::run(&place, &args).await,
        Command::Admin(command) => fleet::run(&place, &command).await,
        Command::Openapi => {
            print!("{}", api::printed()?);
            Ok(Outcome::Done)
        }
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "preau-server", &mut std::io::stdout());
            Ok(Outcome::Done)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
