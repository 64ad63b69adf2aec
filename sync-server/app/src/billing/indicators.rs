//! `preau-server billing indicators --month AAAA-MM`: what the CNAF pays the crèches by. Changes nothing.

use super::draft::{Format, priced, print};
use super::text;
use crate::app::{App, Place};
use crate::cli::Outcome;
use crate::store::Territory;
use crate::{Error, Result};
use rules::cnaf::Indicator;
use rules::input::Request;
use rules::wording::decimal;
use rust_decimal::Decimal;
use serde::Serialize;
use shared::calendar::Month;
use shared::french;
use shared::id::OrganisationId;
use shared::money::{Cents, Rounding};
use std::fmt::Write as _;

/// Arguments of `billing indicators`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Mois à compter, par exemple 2026-09
    #[arg(long, value_name = "AAAA-MM")]
    pub month: Month,
    /// Collectivité ; inutile s'il n'y en a qu'une
    #[arg(long, value_name = "CODE")]
    pub organisation: Option<String>,
    /// Prix horaire de la PSU jusqu'à 107 %, du barème de l'année : calcule celui du lieu
    #[arg(long, value_name = "EUROS", requires = "prix_min", value_parser = euros)]
    pub prix_max: Option<Cents>,
    /// Prix horaire de la PSU à partir de 120 %
    #[arg(long, value_name = "EUROS", requires = "prix_max", value_parser = euros)]
    pub prix_min: Option<Cents>,
    /// Présentation : un texte à lire, ou du JSON
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

fn euros(typed: &str) -> std::result::Result<Cents, String> {
    let wrong = || format!("« {typed} » n'est pas un prix : attendu 6.52 ou 6,52");
    let euros: Decimal = typed.replace(',', ".").parse().map_err(|_| wrong())?;
    let of_an_hour = euros.scale() <= 2 && euros >= Decimal::ZERO && euros < Decimal::ONE_HUNDRED;
    if of_an_hour { Ok(Cents::from_euros(euros, Rounding::DemiSuperieur)) } else { Err(wrong()) }
}

/// What the command answers.
#[derive(Serialize)]
struct Answer {
    month: String,
    centres: Vec<OfCentre>,
}

#[derive(Serialize)]
struct OfCentre {
    #[serde(flatten)]
    indicator: Indicator,
    #[serde(skip_serializing_if = "Option::is_none")]
    price_cents: Option<Cents>,
}

/// Runs the command.
///
/// # Errors
/// No such organisation; a lowest price above the highest; the database's.
pub async fn run(place: &Place, args: &Args) -> Result<Outcome> {
    let prices = args.prix_max.zip(args.prix_min);
    if prices.is_some_and(|(highest, lowest)| lowest > highest) {
        return Err(Error::input("Le prix à partir de 120 % (--prix-min) dépasse le prix jusqu'à 107 % (--prix-max)."));
    }
    let app = App::open(place).await?;
    let snapshot = app.db.snapshot().await?;
    let territory = Territory::new(app.territoire(), &snapshot);
    let organisation = territory.organisation(args.organisation.as_deref()).await?;
    let tenant = territory.tenant(OrganisationId(organisation.id));
    let request = Request { month: args.month, regie: None, with_entry_ids: false };
    let of_centre =
        |indicator: Indicator| OfCentre { price_cents: prices.and_then(|(highest, lowest)| indicator.price(highest, lowest)), indicator };
    let centres = priced(&tenant, request).await?.indicators.into_iter().map(of_centre).collect();
    let answer = Answer { month: args.month.to_string(), centres };
    match args.format {
        Format::Json => print(&(text::json(&answer)? + "\n")),
        Format::Text => print(&said(args.month, &answer)),
    }
}

fn said(month: Month, answer: &Answer) -> String {
    let mut out = format!("Heures des crèches {}\n", french::of_month(month));
    if answer.centres.is_empty() {
        out.push_str("Aucun lieu n'a d'activité au tarif de la PSU ce mois-ci.\n");
    }
    for OfCentre { indicator, price_cents } in &answer.centres {
        let rate = indicator.rate_percent.map_or_else(|| "sans taux".to_owned(), |rate| format!("taux de facturation {} %", decimal(rate)));
        _ = write!(
            out,
            "  {} : {} h réalisées, dont {} h gratuites ; {} h facturées ; {rate}",
            indicator.centre,
            decimal(indicator.hours_done),
            decimal(indicator.hours_free),
            decimal(indicator.hours_billed)
        );
        _ = writeln!(out, "{}", price_cents.map(|price| format!(" ; prix horaire {price}")).unwrap_or_default());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_euros_and_cents() {
        assert_eq!((euros("6,52"), euros("6.5")), (Ok(Cents(652)), Ok(Cents(650))));
        for wrong in ["6.523", "-1", "cent", "", "250"] {
            assert!(euros(wrong).is_err(), "{wrong}");
        }
    }
}
