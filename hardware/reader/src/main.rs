//! `preau-badge-reader`: asks one reader which cards lie on it, and says it on its standard output, a line of JSON each
//! ([`hardware::said::Said`]).
//!
//! A process of its own, because libnfc ends the one that calls it when a chip answers wrongly, and a question to a mute chip can hang.
//! It ends when its standard input does, so that none is left behind by a terminal that was killed.

#[cfg(feature = "nfc")]
mod lock;
#[cfg(feature = "nfc")]
mod nfc;
#[cfg(feature = "pcsc")]
mod pcsc;
mod tell;

#[cfg(not(any(feature = "nfc", feature = "pcsc")))]
compile_error!("a reader's program without a reader: --features nfc, pcsc or both");

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Lit les badges d’un lecteur NFC ou PC/SC ; une ligne de JSON par événement, jusqu’à la fin de l’entrée standard.
#[derive(Parser)]
#[command(name = "preau-badge-reader", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Un lecteur NFC, par libnfc (PN532 en série ou USB, ACR122U…).
    Nfc {
        /// Le lecteur, comme libnfc le nomme : « pn532_uart:/dev/ttyUSB0 ». Par défaut : le premier lecteur USB trouvé.
        #[arg(long, value_name = "LECTEUR")]
        lecteur: Option<String>,
    },
    /// Un lecteur PC/SC, par pcscd (la plupart des lecteurs USB du commerce).
    Pcsc {
        /// Le lecteur, ou le début de son nom. Par défaut : tous ceux qui sont branchés.
        #[arg(long, value_name = "LECTEUR")]
        lecteur: Option<String>,
    },
    /// Affiche les lecteurs branchés, un par ligne, comme il faut les nommer.
    Liste,
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Nfc { lecteur } => {
            tell::end_with_the_input();
            nfc_reader(lecteur)
        }
        Command::Pcsc { lecteur } => {
            tell::end_with_the_input();
            pcsc_reader(lecteur)
        }
        Command::Liste => {
            list();
            ExitCode::SUCCESS
        }
    }
}

#[cfg(feature = "nfc")]
fn nfc_reader(name: Option<String>) -> ExitCode {
    nfc::run(name)
}

#[cfg(not(feature = "nfc"))]
fn nfc_reader(_name: Option<String>) -> ExitCode {
    without("NFC (libnfc)")
}

#[cfg(feature = "pcsc")]
fn pcsc_reader(name: Option<String>) -> ExitCode {
    pcsc::run(name)
}

#[cfg(not(feature = "pcsc"))]
fn pcsc_reader(_name: Option<String>) -> ExitCode {
    without("PC/SC")
}

#[cfg(not(all(feature = "nfc", feature = "pcsc")))]
fn without(what: &str) -> ExitCode {
    eprintln!("Ce programme a été construit sans {what}.");
    ExitCode::from(3)
}

fn list() {
    #[cfg(feature = "nfc")]
    nfc::names().iter().for_each(|name| println!("nfc\t{name}"));
    #[cfg(feature = "pcsc")]
    pcsc::names().iter().for_each(|name| println!("pcsc\t{name}"));
}
