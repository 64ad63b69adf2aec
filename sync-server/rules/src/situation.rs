//! The situation of a household on the day of the fact: what it proved, where
//! it lived, how many of its children were enrolled.

use crate::explanation::{Proof, Step};
use crate::input::{Centre, Child, Household, Situation};
use crate::problem::ProblemKind;
use crate::tariff::{Applicant, Method, Regime, Tariff};
use crate::world::World;
use chrono::NaiveDate;

/// What a tariff looks at, and what an explanation tells of it.
pub(crate) struct OnTheDay<'a> {
    pub applicant: Applicant,
    pub valid: Option<&'a Situation>,
    /// Whether there once was a situation that has run out.
    pub expired: bool,
}

/// Reads a household's situation for a child, a lieu and a day.
pub(crate) fn on_the_day<'a>(world: &World<'a>, household: &'a Household, child: &Child, centre: &Centre, day: NaiveDate) -> OnTheDay<'a> {
    let valid = valid(&household.situations, day);
    let (rank, enrolled_children) = world.rank(child, household.id, day);
    let applicant = Applicant {
        quotient_familial: valid.and_then(|situation| situation.quotient_familial),
        monthly_resources: valid.and_then(|situation| situation.monthly_resources),
        dependent_children: valid.and_then(|situation| situation.dependent_children).unwrap_or(1),
        aeeh_children: valid.map_or(0, |situation| situation.aeeh_children),
        regime: household.regime.unwrap_or(Regime::Autre),
        resident: centre.resident_communes.is_empty() || centre.resident_communes.contains(household.commune_on(day)),
        rank,
        enrolled_children,
    };
    let expired = valid.is_none() && household.situations.iter().any(|situation| situation.from <= day);
    OnTheDay { applicant, valid, expired }
}

/// The row with `from` ≤ day ≤ `to`; an open one runs to the day before the next.
fn valid(situations: &[Situation], day: NaiveDate) -> Option<&Situation> {
    let latest = situations.iter().filter(|situation| situation.from <= day).max_by_key(|situation| situation.from)?;
    latest.to.is_none_or(|to| day <= to).then_some(latest)
}

impl OnTheDay<'_> {
    /// What to tell where the proof that a tariff needs isn't there.
    pub fn missing_proof(&self, tariff: &Tariff) -> (ProblemKind, &'static str) {
        let psu = matches!(tariff.method, Method::Psu(_));
        match (self.expired, psu) {
            (true, true) => (ProblemKind::ExpiredProof, "Les ressources connues ne sont plus valables"),
            (true, false) => (ProblemKind::ExpiredProof, "Le quotient familial connu n'est plus valable"),
            (false, true) => (ProblemKind::MissingProof, "Aucune ressource connue"),
            (false, false) => (ProblemKind::MissingProof, "Aucun quotient familial connu"),
        }
    }

    /// The step of an explanation.
    pub fn step(&self, household: &Household, from: NaiveDate) -> Step {
        let proof = self.valid.map(|situation| Proof {
            valid_from: situation.from,
            quotient_familial: situation.quotient_familial,
            monthly_resources: situation.monthly_resources,
            source: situation.source.clone(),
        });
        let Applicant { resident, rank, enrolled_children, .. } = self.applicant;
        Step::Situation { from, household: household.code.clone(), proof, resident, rank, enrolled_children }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn situation(from: &str, to: Option<&str>, qf: u32) -> Situation {
        Situation {
            from: from.parse().unwrap(),
            to: to.map(|to| to.parse().unwrap()),
            quotient_familial: Some(qf),
            monthly_resources: None,
            dependent_children: None,
            aeeh_children: 0,
            source: String::new(),
        }
    }

    #[test]
    fn a_situation_holds_from_its_day_to_the_day_before_the_next() {
        let rows = [situation("2026-02-01", None, 900), situation("2025-01-01", None, 400), situation("2026-10-15", Some("2026-10-20"), 0)];
        let qf = |day: &str| valid(&rows, day.parse().unwrap()).and_then(|s| s.quotient_familial);
        assert_eq!(qf("2024-12-31"), None);
        assert_eq!(qf("2026-01-31"), Some(400));
        assert_eq!(qf("2026-02-01"), Some(900));
        assert_eq!(qf("2026-10-14"), Some(900));
        assert_eq!(qf("2026-10-15"), Some(0), "0 is a QF");
        assert_eq!(qf("2026-10-20"), Some(0));
        assert_eq!(qf("2026-10-21"), None, "the last row has run out");
    }
}
