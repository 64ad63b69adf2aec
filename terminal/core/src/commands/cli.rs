//! The subcommands that need no window, as `main` takes them in.

use super::enrol::{ByHttps, KeyAtHand, enrol_on};
use super::export::export;
use super::status::status;
use super::verify::{verify, verify_and_repair};
use super::{CommandError, data_dir, simulate};
use crate::store::{KeyPlace, Tpm};
use clap::{Subcommand, ValueEnum};
use shared::french as words;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// How a result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// Des phrases.
    #[default]
    Texte,
    /// Du JSON, seul sur la sortie standard.
    Json,
}

/// What the program does without a window.
#[derive(Debug, Clone, Subcommand)]
pub enum Headless {
    /// Rattache cette tablette à un site, avec un code donné par l'administration
    Enrol {
        /// Adresse du serveur
        #[arg(long, value_name = "ADRESSE")]
        server: String,
        /// Code à usage unique, valable un quart d'heure
        #[arg(long, value_name = "CODE")]
        code: String,
        /// La clé de la tablette est perdue avec la puce qui la scellait : elle en reçoit une autre, sans que l'ancienne s'en porte garante
        #[arg(long)]
        cle_perdue: bool,
        /// Présentation du résultat
        #[arg(long, value_enum, default_value_t, value_name = "FORME")]
        format: Format,
    },
    /// Dit ce qui attend d'être envoyé, et l'état de la ligne ; fonctionne sans réseau et fenêtre ouverte
    Status {
        /// Présentation du résultat
        #[arg(long, value_enum, default_value_t, value_name = "FORME")]
        format: Format,
    },
    /// Écrit ce qui attend dans un fichier que seul le serveur lit (« preau-server admin import-journal »)
    Export {
        /// Le fichier à écrire
        #[arg(long, value_name = "FICHIER")]
        to: PathBuf,
        /// Tout ce que cette tablette a scellé, et non ce qui attend seulement
        #[arg(long)]
        tout: bool,
        /// Présentation du résultat
        #[arg(long, value_enum, default_value_t, value_name = "FORME")]
        format: Format,
    },
    /// Vérifie tout le journal de cette tablette : pages, signatures, chaîne, seconde copie ; fonctionne fenêtre ouverte
    Verify {
        /// Si quelque chose ne tient pas : la fenêtre répare le journal à son prochain démarrage
        #[arg(long)]
        repair: bool,
        /// Présentation du résultat
        #[arg(long, value_enum, default_value_t, value_name = "FORME")]
        format: Format,
    },
    /// Joue un fichier d'actions sur les vrais contrôleurs et le vrai journal, sans fenêtre
    Simulate {
        /// Fichier d'actions, une par ligne (JSON) ; « - » pour l'entrée standard
        #[arg(long, value_name = "FICHIER", required_unless_present = "child")]
        actions: Option<PathBuf>,
        /// La tablette simulée elle-même : lancée par la commande, pas à la main
        #[arg(long, hide = true)]
        child: bool,
    },
}

impl Headless {
    /// Runs the command on a data folder (`None`: the default one), with the chip that seals its key, and tells its exit code.
    #[must_use]
    pub fn run(self, data: Option<PathBuf>, tpm: Tpm) -> ExitCode {
        match data_dir(data).and_then(|dir| self.try_run(&dir, tpm)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::from(error.exit_code())
            }
        }
    }

    fn try_run(self, dir: &Path, tpm: Tpm) -> Result<(), CommandError> {
        match self {
            Self::Enrol { server, code, cle_perdue, format } => {
                let enrolled = enrol_on(&KeyAtHand { tpm, lost: cle_perdue }, dir, &server, &code, &ByHttps)?;
                let site = &enrolled.site_name;
                let words = if enrolled.already {
                    format!("Cette tablette est déjà enrôlée pour {site}.")
                } else {
                    format!("Tablette enrôlée pour {site}.")
                };
                print(format, &enrolled, &words)
            }
            Self::Status { format } => {
                let status = status(dir)?;
                print(format, &status, status.in_words().trim_end())
            }
            Self::Export { to, tout, format } => {
                let exported = export(dir, &to, tout)?;
                let entries = words::count(u32::try_from(exported.entries).unwrap_or(u32::MAX), "pointage", "pointages");
                let words = match &exported.file {
                    None => "Rien n'attend : aucun fichier n'a été écrit.".to_owned(),
                    Some(file) => format!("{entries} dans {}, que seul le serveur peut lire.", file.display()),
                };
                print(format, &exported, &words)
            }
            Self::Verify { repair, format } => {
                let whole = if repair { verify_and_repair(dir)? } else { verify(dir)? };
                let key = KeyPlace::of(dir).map_or_else(String::new, |place| format!(" La clé de la tablette est {}.", place.in_words()));
                print(format, &whole, &format!("{}{key}", whole.in_words()))?;
                let next =
                    if repair { "Il sera réparé au prochain démarrage de la fenêtre." } else { "`verify --repair` le fait réparer." };
                let finding = |found| CommandError::Finding(format!("Le journal ne tient pas : {found}. {next}"));
                whole.first_break.map_or(Ok(()), |found| Err(finding(found)))
            }
            Self::Simulate { child: true, .. } => {
                simulate::child::run(dir, &tpm, &mut BufReader::new(std::io::stdin()), &mut std::io::stdout())
            }
            Self::Simulate { actions, .. } => play(dir, &tpm, actions.as_deref()),
        }
    }
}

fn print(format: Format, value: &impl serde::Serialize, words: &str) -> Result<(), CommandError> {
    let text = match format {
        Format::Texte => words.to_owned(),
        Format::Json => serde_json::to_string(value).map_err(|e| CommandError::Unavailable(e.to_string()))?,
    };
    writeln!(std::io::stdout(), "{text}").map_err(|e| CommandError::Unavailable(format!("Sortie impossible ({e}).")))
}

fn play(dir: &Path, tpm: &Tpm, actions: Option<&Path>) -> Result<(), CommandError> {
    let path = actions.unwrap_or(Path::new("-"));
    let text = if path == Path::new("-") { std::io::read_to_string(std::io::stdin()) } else { std::fs::read_to_string(path) };
    let text = text.map_err(|e| CommandError::Usage(format!("{} : lecture impossible ({e}).", path.display())))?;
    let program = std::env::current_exe().map_err(|e| CommandError::Unavailable(e.to_string()))?;
    let spawn = || {
        let mut command = Command::new(&program);
        command.arg("--data").arg(dir).arg("--tpm").arg(tpm.to_string()).args(["simulate", "--child"]);
        command
    };
    let summary = simulate::parent::play(&text, &spawn, &mut std::io::stdout().lock())?;
    let count = |number: usize, one, many| words::count(u32::try_from(number).unwrap_or(u32::MAX), one, many);
    eprintln!(
        "{}, {}, {} : rien n'est perdu, rien n'est double.",
        count(summary.actions, "action jouée", "actions jouées"),
        count(summary.shown, "pointage enregistré", "pointages enregistrés"),
        count(summary.killed, "coupure", "coupures")
    );
    Ok(())
}
