//! Deciding about the problems of a draft. A decision is about the bill, never about what happened, and holds for later drafts.

use super::draft::draft;
use crate::app::{App, Place};
use crate::cli::Outcome;
use crate::identity::audit::{self, Act};
use crate::store::entity::billing_decision;
use crate::store::{Tenant, Territory, insert_all, new_id};
use crate::{Error, Result};
use chrono::NaiveDate;
use rules::problem::{Decision, Problem, ProblemKind};
use shared::calendar::{Instant, Month};
use shared::french;
use shared::id::OrganisationId;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Arguments of `billing decide`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Mois du brouillon, par exemple 2026-09
    #[arg(long, value_name = "AAAA-MM")]
    pub month: Month,
    /// Genre de problème, par exemple journee_non_signee : tous ceux de ce genre, ou ceux que précisent les options suivantes
    #[arg(long, value_name = "GENRE", value_parser = kind)]
    pub probleme: ProblemKind,
    /// Seulement à ce lieu
    #[arg(long, value_name = "CODE")]
    pub centre: Option<String>,
    /// Seulement cet enfant
    #[arg(long, value_name = "CODE")]
    pub child: Option<String>,
    /// Seulement ce jour
    #[arg(long, value_name = "AAAA-MM-JJ")]
    pub date: Option<NaiveDate>,
    /// facturer, emettre_quand_meme, facturer_la_reservation, ne_pas_facturer ou demander_au_lieu
    #[arg(long, value_name = "DECISION", value_parser = decision)]
    pub decision: Decision,
    /// Pourquoi
    #[arg(long, value_name = "TEXTE")]
    pub motif: Option<String>,
    /// Qui décide
    #[arg(long, value_name = "AGENT", default_value = "console")]
    pub by: String,
    /// Collectivité ; inutile s'il n'y en a qu'une
    #[arg(long, value_name = "CODE")]
    pub organisation: Option<String>,
}

fn kind(code: &str) -> Result<ProblemKind, String> {
    let known = ProblemKind::ALL.iter().find(|kind| kind.code() == code);
    known.copied().ok_or_else(|| format!("« {code} » n'est pas un genre de problème : voir docs/problemes-de-facturation.md"))
}

fn decision(code: &str) -> Result<Decision, String> {
    let codes: Vec<&str> = Decision::ALL.iter().map(|(code, ..)| *code).collect();
    Decision::of(code).ok_or_else(|| format!("« {code} » n'est pas une décision : attendu {}", codes.join(", ")))
}

/// Runs the command.
///
/// # Errors
/// No such problem in the draft; a decision that its kind doesn't allow.
pub async fn run(place: &Place, args: &Args) -> Result<Outcome> {
    let app = App::open(place).await?;
    let transaction = app.db.begin().await?;
    let territory = Territory::new(app.territoire(), &transaction);
    let organisation = OrganisationId(territory.organisation(args.organisation.as_deref()).await?.id);
    let tenant = territory.tenant(organisation);
    let asked = |problem: &Problem| {
        problem.kind == args.probleme
            && args.centre.as_ref().is_none_or(|code| problem.centre.as_ref() == Some(code))
            && args.child.as_ref().is_none_or(|code| problem.child.as_ref() == Some(code))
            && args.date.is_none_or(|date| problem.date == Some(date))
    };
    let problems: Vec<Problem> = draft(&tenant, args.month, None, false).await?.problems.into_iter().filter(asked).collect();
    if problems.is_empty() {
        return Err(Error::NotFound(format!("Aucun problème « {} » à décider dans ce brouillon", args.probleme.code())));
    }
    let now = app.clock.now();
    decide(&tenant, args.month, &problems, args.decision, args.motif.as_deref(), &args.by, now).await?;
    audit::write(&territory, now, Act::command("billing decide").by(&args.by).of(organisation)).await?;
    transaction.commit().await?;
    println!("{} : {}.", french::count(u32::try_from(problems.len()).unwrap_or(u32::MAX), "décision", "décisions"), args.decision.label());
    Ok(Outcome::Done)
}

/// Stores what was decided about problems, in the caller's transaction, once a name; gives the first decision's id.
///
/// # Errors
/// No problem at all; a decision that a problem's kind doesn't allow.
pub async fn decide(
    tenant: &Tenant<'_>,
    month: Month,
    problems: &[Problem],
    decision: Decision,
    reason: Option<&str>,
    by: &str,
    now: Instant,
) -> Result<Uuid> {
    let by_name: BTreeMap<String, &Problem> = problems.iter().map(|problem| (problem.name(), problem)).collect();
    let mut rows = Vec::with_capacity(by_name.len());
    for (name, problem) in by_name {
        if !Decision::possible(problem.kind).contains(&decision) {
            let possible: Vec<&str> = Decision::possible(problem.kind).iter().map(|d| d.label()).collect();
            let possible = if possible.is_empty() { "corriger les données".to_owned() } else { possible.join(", ") };
            return Err(Error::input(format!(
                "« {} » : {} n’est pas possible. Possible : {possible}.",
                problem.kind.title(),
                decision.label()
            )));
        }
        rows.push(billing_decision::Model {
            organisation_id: tenant.id().0,
            id: new_id(now)?,
            month: month.to_string(),
            problem: name,
            decision: decision.code().into(),
            reason: reason.map(str::to_owned),
            decided_by: by.to_owned(),
            decided_at_ms: now.timestamp_millis(),
        });
    }
    let first = rows.first().ok_or_else(|| Error::NotFound("Ce point".into()))?.id;
    insert_all(&tenant.on(), rows).await?;
    Ok(first)
}
