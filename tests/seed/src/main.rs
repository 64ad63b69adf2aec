//! `preau-seed`: writes an invented agglomération in the import format.

use anyhow::Context;
use chrono::NaiveDate;
use clap::Parser;
use std::path::PathBuf;
use std::process::ExitCode;

/// Écrit une agglomération inventée, au format d'import de Préau : 61 communes, 12 lieux, des familles et deux mois de présences.
#[derive(Debug, Parser)]
#[command(name = "preau-seed", version, disable_help_flag = true, disable_version_flag = true, help_template = HELP)]
struct Arguments {
    /// Dossier à écrire : vide, ou déjà écrit par ce programme
    #[arg(value_name = "DOSSIER")]
    directory: PathBuf,
    /// Jour supposé (par défaut : aujourd'hui) ; les présences s'arrêtent la veille
    #[arg(long, value_name = "AAAA-MM-JJ", env = "PREAU_TODAY", hide_env_values = true, value_parser = parse_day)]
    today: Option<NaiveDate>,
    /// Graine : la même donne les mêmes octets
    #[arg(long, value_name = "N", default_value_t = seed::SEED)]
    seed: u64,
    /// Nombre de foyers (2 000 foyers font environ 3 000 enfants)
    #[arg(long, value_name = "N", default_value_t = seed::HOUSEHOLDS)]
    households: usize,
    /// Affiche cette aide
    #[arg(short = 'h', long = "help", action = clap::ArgAction::Help)]
    help: Option<bool>,
    /// Affiche la version
    #[arg(short = 'V', long = "version", action = clap::ArgAction::Version)]
    version: Option<bool>,
}

const HELP: &str = "{about-with-newline}\nUsage : preau-seed [OPTIONS] DOSSIER\n\nArguments :\n{positionals}\n\nOptions :\n{options}\n";

fn parse_day(text: &str) -> Result<NaiveDate, String> {
    text.parse().map_err(|_| "attendu une date AAAA-MM-JJ, par exemple 2026-11-24".to_owned())
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("preau-seed : {error:#}");
            // Bad input or usage, as for every program of Préau.
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let today = arguments.today.unwrap_or_else(seed::clock::today);
    let options = seed::Options { today, seed: arguments.seed, households: arguments.households };
    let made = seed::generate(&options)?;
    made.folder.write(&arguments.directory).with_context(|| format!("dossier {}", arguments.directory.display()))?;
    let count = |file: &str| made.folder.rows(file).len();
    eprintln!(
        "{} : {} foyers, {} enfants, {} réservations, {} pointages. La journée du {} est laissée à la tablette du site {}.",
        arguments.directory.display(),
        count("foyers.csv"),
        count("enfants.csv"),
        count("reservations.csv"),
        count("pointages.csv"),
        made.demo.day.format("%d/%m/%Y"),
        made.demo.school.site,
    );
    Ok(())
}
