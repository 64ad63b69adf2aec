//! `preau-terminal`: the tablet in a window.

use std::path::PathBuf;

use anyhow::Context;
use clap::{CommandFactory, Parser, Subcommand};
use terminal_app::desk::{Closed, Tablet};
use terminal_app::window::{self, Look};

/// La tablette à l’entrée : qui est là, avec ou sans réseau.
#[derive(Parser)]
#[command(name = "preau-terminal", version)]
struct Cli {
    /// Dossier des données de la tablette (par défaut : celui du système, XDG).
    #[arg(long, global = true, value_name = "DOSSIER")]
    data: Option<PathBuf>,
    /// Occupe tout l’écran, sans cadre.
    #[arg(long)]
    kiosk: bool,
    /// Thème sombre, pour le soir.
    #[arg(long)]
    sombre: bool,
    /// Rien ne bouge à l’écran.
    #[arg(long)]
    sans_animation: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Écrit de quoi compléter les commandes dans votre interpréteur.
    Completions {
        /// bash, zsh, fish…
        shell: clap_complete::Shell,
    },
}

fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).with_writer(std::io::stderr).init();
    let cli = Cli::parse();
    match cli.command {
        Some(Command::Completions { shell }) => {
            clap_complete::generate(shell, &mut Cli::command(), "preau-terminal", &mut std::io::stdout());
            Ok(())
        }
        None => open_window(cli.data, Look { kiosk: cli.kiosk, dark: cli.sombre, still: cli.sans_animation }),
    }
}

fn open_window(data: Option<PathBuf>, look: Look) -> anyhow::Result<()> {
    let by_xdg = || directories::ProjectDirs::from("", "", "preau-terminal").map(|dirs| dirs.data_dir().to_owned());
    let data = data.or_else(by_xdg).context("Aucun dossier de données par défaut : indiquez-le avec --data DOSSIER.")?;
    match Tablet::open(&data) {
        Ok(tablet) => window::run(tablet, look),
        Err(error) => {
            tracing::error!(%error, "the door stays closed");
            window::run(Closed::because(&error), look)
        }
    }
}
