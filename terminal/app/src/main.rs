//! `preau-terminal`: the tablet in a window.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::FalseyValueParser;
use clap::{CommandFactory, Parser, Subcommand};
use terminal_app::desk::Tablet;
use terminal_app::reader::Reader;
use terminal_app::sound::Loudspeaker;
use terminal_app::window::{self, Look};
use terminal_core::commands::cli::Headless;
use terminal_core::commands::data_dir;
use terminal_core::store::Tpm;

/// La tablette à l’entrée : qui est là, avec ou sans réseau.
#[derive(Parser)]
#[command(name = "preau-terminal", version)]
struct Cli {
    /// Dossier des données de la tablette (par défaut : celui du système, XDG).
    #[arg(long, global = true, value_name = "DOSSIER")]
    data: Option<PathBuf>,
    /// Puce TPM 2.0 qui scelle la clé : « auto », « non », un périphérique ou un TCTI.
    #[arg(long, env = "PREAU_TPM", global = true, value_name = "PUCE", default_value = "auto")]
    tpm: Tpm,
    /// Lecteur de badges : « clavier » (il tape comme un clavier), « nfc », « nfc:pn532_uart:/dev/ttyUSB0 », « pcsc » ou « pcsc:NOM » ; « preau-badge-reader liste » les nomme.
    #[arg(long, env = "PREAU_LECTEUR", value_name = "LECTEUR", default_value = "clavier")]
    lecteur: Reader,
    /// Occupe tout l’écran, sans cadre, et ne se ferme que par le menu de l’équipe (doigt maintenu sur le nom du lieu).
    #[arg(long, env = "PREAU_KIOSK", value_parser = FalseyValueParser::new())]
    kiosk: bool,
    /// Thème sombre, quels que soient les réglages de la tablette.
    #[arg(long)]
    sombre: bool,
    /// Rien ne bouge à l’écran, quels que soient les réglages de la tablette.
    #[arg(long)]
    sans_animation: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// What needs no window.
    #[command(flatten)]
    Headless(Headless),
    /// Écrit de quoi compléter les commandes dans votre interpréteur.
    Completions {
        /// bash, zsh, fish…
        shell: clap_complete::Shell,
    },
}

fn main() -> anyhow::Result<ExitCode> {
    // Whatever this program writes is children's data or a key: nobody else's to read, whichever library makes the file.
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
    tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).with_writer(std::io::stderr).init();
    let cli = Cli::parse();
    match cli.command {
        Some(Command::Headless(command)) => Ok(command.run(cli.data, cli.tpm)),
        Some(Command::Completions { shell }) => {
            clap_complete::generate(shell, &mut Cli::command(), "preau-terminal", &mut std::io::stdout());
            Ok(ExitCode::SUCCESS)
        }
        None => {
            let tablet = Tablet::at(data_dir(cli.data)?, cli.tpm);
            let tablet = match Loudspeaker::start() {
                Ok(speaker) => tablet.heard_by(speaker),
                Err(error) => {
                    tracing::warn!(%error, "the tablet stays silent");
                    tablet
                }
            };
            window::run(tablet, &cli.lecteur, Look { kiosk: cli.kiosk, dark: cli.sombre, still: cli.sans_animation, ..Look::default() })?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
