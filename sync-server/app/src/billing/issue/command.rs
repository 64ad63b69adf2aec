//! `preau-server billing issue --month AAAA-MM`

use super::{Issued, Order, issue};
use crate::app::{App, Place};
use crate::cli::Outcome;
use crate::identity::audit::Act;
use crate::store::Territory;
use crate::{Result, jobs};
use indicatif::{ProgressBar, ProgressStyle};
use shared::calendar::Month;
use shared::french;
use shared::id::OrganisationId;

/// Who issues where nobody is named.
const AT_THE_MACHINE: &str = "console";

/// Arguments of `billing issue`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Mois à facturer, par exemple 2026-09
    #[arg(long, value_name = "AAAA-MM")]
    pub month: Month,
    /// Seulement cette régie
    #[arg(long, value_name = "CODE")]
    pub regie: Option<String>,
    /// Exercice des numéros : l'année en cours, ou la précédente jusqu'au 31 janvier
    #[arg(long, value_name = "AAAA")]
    pub exercice: Option<i32>,
    /// Collectivité ; inutile s'il n'y en a qu'une
    #[arg(long, value_name = "CODE")]
    pub organisation: Option<String>,
    /// Qui émet, tel que le journal des actes le retiendra
    #[arg(long, value_name = "AGENT", default_value = AT_THE_MACHINE)]
    pub by: String,
    /// Rend la main dès l'émission : le serveur en marche fera documents et courriels
    #[arg(long)]
    pub sans_documents: bool,
}

/// Runs the command.
///
/// # Errors
/// As [`issue`].
pub async fn run(place: &Place, args: &Args) -> Result<Outcome> {
    let app = App::open(place).await?;
    let organisation = Territory::new(app.territoire(), app.db.read()).organisation(args.organisation.as_deref()).await?;
    let order = Order { month: args.month, regie: args.regie.as_deref(), exercise: args.exercice, by: &args.by };
    let issued = issue(&app, OrganisationId(organisation.id), &order, Act::command("billing issue").by(&args.by)).await?;
    println!("{}", said(&issued, args.month));
    if issued.run.is_some() && !args.sans_documents {
        let count = issued.invoices + issued.credit_notes;
        let failed = follow(&app, count).await?;
        if failed > 0 {
            println!(
                "{} : les essais continuent pendant que le serveur tourne.",
                french::count(u32::try_from(failed).unwrap_or(u32::MAX), "travail a échoué", "travaux ont échoué")
            );
        }
    }
    Ok(Outcome::Done)
}

fn said(issued: &Issued, month: Month) -> String {
    if issued.run.is_none() {
        return format!("Rien de nouveau à facturer pour {}.", french::month(month));
    }
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    format!(
        "{} et {} émis, {} en tout.",
        french::count(number(issued.invoices), "facture", "factures"),
        french::count(number(issued.credit_notes), "avoir", "avoirs"),
        issued.total
    )
}

/// Does the work that follows, with a bar; gives how much of it failed.
async fn follow(app: &App, documents: usize) -> Result<usize> {
    let style = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len}  {eta}").unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(documents as u64).with_style(style).with_message("Documents et courriels");
    let mut failed = 0;
    loop {
        let turn = jobs::run_due(app).await?;
        if turn == jobs::Turn::default() {
            break;
        }
        failed += turn.failed;
        bar.inc(turn.done as u64);
        bar.set_length(bar.length().unwrap_or_default().max(bar.position()));
    }
    bar.finish_and_clear();
    Ok(failed)
}
