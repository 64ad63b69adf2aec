//! The whole of Préau on one machine: seeds an agglomération, starts the
//! server and an enrolled tablet; or, with `--script`, plays a whole day
//! without a window through the same programs and checks every step.

mod actions;
mod browser;
mod cast;
mod clock;
mod day;
mod house;
mod living;
mod month;
mod programs;
mod recovery;
mod steps;

use anyhow::Result;
use clap::Parser;
use std::path::PathBuf;
use std::process::ExitCode;

/// Préau en une commande : une agglomération, un serveur, une tablette.
///
/// Sans option, le serveur et la tablette restent ouverts jusqu'à Ctrl-C ; les données sont gardées d'une fois sur l'autre.
/// Avec --script, une journée entière est jouée sans fenêtre, chaque étape est vérifiée, et le programme finit avec 0 si tout est juste.
#[derive(Parser)]
#[command(name = "demo", version, max_term_width = 120)]
struct Options {
    /// Joue une journée entière sans fenêtre, et vérifie chaque étape
    #[arg(long)]
    script: bool,
    /// Repart de zéro
    #[arg(long)]
    reset: bool,
    /// Où la démonstration garde ses données
    #[arg(long, value_name = "DOSSIER", default_value = ".demo")]
    data: PathBuf,
    /// Où le serveur écoute
    #[arg(long, value_name = "ADRESSE", default_value = "127.0.0.1:8080")]
    listen: String,
    /// Où le bac à sable de PayFiP écoute
    #[arg(long, value_name = "ADRESSE", default_value = "127.0.0.1:8099")]
    payfip: String,
    /// Réglages du serveur, en plus de ceux de la démonstration
    #[arg(long, value_name = "FICHIER")]
    settings: Option<PathBuf>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(1)
        }
    }
}

fn run(options: &Options) -> Result<ExitCode> {
    // The script's day has a folder of its own: it never writes into what a person is looking at.
    let data = if options.script { options.data.join("journee") } else { options.data.join("maison") };
    if (options.reset || options.script) && data.exists() {
        std::fs::remove_dir_all(&data)?;
    }
    std::fs::create_dir_all(&data)?;
    let data = data.canonicalize()?;
    if options.script { day::play(data) } else { living::open(data, options) }
}
