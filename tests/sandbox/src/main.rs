//! The program: reads its arguments and serves until Ctrl-C.

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::Parser;
use payfip_sandbox::switches::pair;
use payfip_sandbox::{ADMIN_PATH, Clients, Clock, Config, Scope, Settings};
use std::net::SocketAddr;
use std::process::ExitCode;

/// Bac à sable PayFiP : les mêmes adresses que le vrai service, sur cette machine seulement. Aucun argent ne bouge.
#[derive(Debug, Parser)]
#[command(
    name = "preau-payfip-sandbox",
    version,
    after_help = "Les réglages sont décrits dans docs/payfip.md et sur la page /_bac-a-sable/.\n\
                  Codes de sortie : 0 arrêté, 2 une option à corriger, 3 adresse indisponible."
)]
struct Cli {
    /// Adresse d'écoute, sur cette machine : 127.0.0.1:PORT ou [::1]:PORT ; port 0 : un port libre
    #[arg(long, value_name = "ADRESSE", default_value = "127.0.0.1:8099")]
    listen: SocketAddr,
    /// Un réglage pour toutes les opérations, par exemple copies=3 (répétable)
    #[arg(long, value_name = "RÉGLAGE=VALEUR", value_parser = pair)]
    switch: Vec<(String, String)>,
    /// Un réglage pour la prochaine opération ou le prochain appel (répétable)
    #[arg(long, value_name = "RÉGLAGE=VALEUR", value_parser = pair)]
    switch_next: Vec<(String, String)>,
    /// Un numéro client connu et ses trois lignes, NUMERO=LIGNE|LIGNE|LIGNE (répétable) ; sans cette option, tout numéro à 6 chiffres
    /// commençant par 0 ou 9 est connu
    #[arg(long, value_name = "NUMERO=LIGNES", value_parser = client)]
    client: Vec<(String, [String; 3])>,
    /// Un numéro client sans accès au service web (répétable)
    #[arg(long, value_name = "NUMERO")]
    client_without_service: Vec<String>,
    /// L'heure au départ, par exemple 2026-11-26T02:55:00+01:00 ; elle avance ensuite comme celle de la machine
    #[arg(long, value_name = "INSTANT")]
    at: Option<DateTime<Utc>>,
}

fn client(text: &str) -> Result<(String, [String; 3]), String> {
    let expected = || format!("« {text} » : attendu un numéro de 6 chiffres et jusqu'à trois lignes, par exemple 090909=CANTINE|COMMUNE");
    let (numcli, lines) = text.split_once('=').unwrap_or((text, ""));
    if numcli.len() != 6 || !numcli.bytes().all(|b| b.is_ascii_digit()) || lines.split('|').count() > 3 {
        return Err(expected());
    }
    let mut lines = lines.split('|').map(str::to_owned);
    Ok((numcli.into(), std::array::from_fn(|_| lines.next().unwrap_or_default())))
}

fn config(cli: Cli) -> Result<Config> {
    let mut settings = Settings::default();
    let pairs = |pairs: &[(String, String)]| pairs.to_vec();
    for (scope, pairs) in [(Scope::All, pairs(&cli.switch)), (Scope::Next, pairs(&cli.switch_next))] {
        settings.set(scope, pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())))?;
    }
    let clock = Clock::machine();
    if let Some(at) = cli.at {
        clock.set(at);
    }
    let clients = Clients { named: cli.client.into_iter().collect(), without_service: cli.client_without_service };
    Ok(Config { listen: cli.listen, clock, clients, settings })
}

async fn serve(config: Config) -> ExitCode {
    match payfip_sandbox::start(config).await {
        Ok(running) => {
            println!("Bac à sable PayFiP : {0} (réglages : {0}{ADMIN_PATH}). Ctrl-C l'arrête.", running.base_url());
            // Without a signal handler the default one ends the process, which is what is wanted.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
            running.stop().await;
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(if matches!(error, payfip_sandbox::StartError::NotLoopback(_)) { 2 } else { 3 })
        }
    }
}

fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let config = match config(Cli::parse()) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(serve(config)),
        Err(error) => {
            eprintln!("Le bac à sable ne peut pas démarrer : {error}");
            ExitCode::from(3)
        }
    }
}
