//! The desk's commands: one line each, the work in the file of the same name.

use crate::Result;
use crate::app::Place;
use crate::attendance::{correct, desk, export, show, sign, verify};
use crate::cli::Outcome;

/// The subcommands of `journal`.
#[derive(Debug, clap::Subcommand)]
pub enum Journal {
    /// Vérifie la chaîne et les signatures de chaque appareil ; une rupture : sortie 1
    Verify(verify::Args),
    /// Écrit les pointages scellés d'un site et les clés publiques, pour une vérification ailleurs
    Export(export::Args),
}

/// The subcommands of `attendance`.
#[derive(Debug, clap::Subcommand)]
pub enum Attendance {
    /// Affiche la feuille de présence d'un lieu et d'un jour, en JSON
    Show(show::Args),
    /// Signe la feuille de présence telle qu'elle est
    Sign(desk::Args),
    /// Corrige l'heure d'un pointage, avec un motif
    Correct(correct::Correct),
    /// Retire un pointage qui n'a pas eu lieu, avec un motif
    Retract(correct::Retract),
    /// Ajoute une arrivée ou un départ oublié, avec un motif
    Add(correct::Add),
}

/// Runs a command on a day.
///
/// # Errors
/// The command's.
pub async fn attendance(place: &Place, command: &Attendance) -> Result<Outcome> {
    match command {
        Attendance::Show(args) => show::run(place, args).await,
        Attendance::Sign(args) => sign::run(place, args).await,
        Attendance::Correct(args) => correct::correct(place, args).await,
        Attendance::Retract(args) => correct::retract(place, args).await,
        Attendance::Add(args) => correct::add(place, args).await,
    }
}

/// Runs a command on the journal.
///
/// # Errors
/// The command's.
pub async fn journal(place: &Place, command: &Journal) -> Result<Outcome> {
    match command {
        Journal::Verify(args) => verify::run(place, args).await,
        Journal::Export(args) => export::run(place, args).await,
    }
}
