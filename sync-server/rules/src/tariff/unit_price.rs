//! What one unit is worth to a family on a day, and why.

use super::{Combination, Method, National, Psu, Regime, Row, Tariff, WithoutProof};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use shared::money::Cents;

/// What a tariff looks at: the family's situation on the day of the fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applicant {
    /// Proven QF; 0 is a QF.
    pub quotient_familial: Option<u32>,
    /// Proven resources in euros a month.
    pub monthly_resources: Option<Decimal>,
    /// Children that the household has in its charge.
    pub dependent_children: u32,
    /// Those of them who receive the AEEH.
    pub aeeh_children: u32,
    /// Who pays its benefits.
    pub regime: Regime,
    /// Whether its address is in the territory.
    pub resident: bool,
    /// The child's rank among the enrolled ones, the eldest being 1.
    pub rank: u32,
    /// Enrolled children of the household.
    pub enrolled_children: u32,
}

/// The price of one unit, rounded, and how it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitPrice {
    /// In cents, as it stands on the line.
    pub cents: Cents,
    /// Why.
    pub basis: PriceBasis,
    /// Whether the family's proof was missing and the tariff's answer to that was used.
    pub unproven: bool,
}

/// How a unit price was found. Frozen in the explanation of issued lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum PriceBasis {
    /// A row of the matrix.
    Row {
        /// Lowest QF of the row, where it has a QF condition.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        qf_min: Option<u32>,
        /// Highest QF; `None`: and above.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        qf_max: Option<u32>,
        /// Condition on the régime.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        regime: Option<Regime>,
        /// Condition on residence.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        resident: Option<bool>,
        /// Condition on the rank, where above 1.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        rank_min: Option<u32>,
        /// Condition on the number of enrolled children, where above 1.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        children_min: Option<u32>,
    },
    /// QF × rate, rounded, held between bounds.
    LinearQf {
        /// The QF used; `None` where no proof was given.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        qf: Option<u32>,
        /// Euros for each point.
        rate: Decimal,
        /// The product before rounding.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        exact: Option<Decimal>,
        /// The product after rounding, before the bounds.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        rounded_cents: Option<Cents>,
        /// Which bound held.
        held: Held,
    },
    /// Resources held between bounds × national rate, rounded.
    Psu {
        /// Proven resources, euros a month; `None` where no proof was given.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        resources: Option<Decimal>,
        /// Resources used.
        retained: Decimal,
        /// Which bound held.
        held: Held,
        /// National rate, percent of monthly resources.
        percent: Decimal,
        /// Dependent children that chose the rate.
        children: u32,
        /// Children with AEEH that moved it.
        aeeh: u32,
        /// The product before rounding.
        exact: Decimal,
    },
}

/// Which bound changed a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// None.
    Free,
    /// It was raised.
    AtMinimum,
    /// It was lowered.
    AtMaximum,
}

/// Why a tariff has no price for a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NoPrice {
    /// `sans_justificatif = "refus"`, and no proof.
    #[error("le tarif demande un justificatif")]
    ProofRefused,
    /// No row speaks of such a family.
    #[error("la grille ne prévoit pas ce cas")]
    NoRow,
    /// The national table doesn't go back so far.
    #[error("aucun barème national de la PSU à cette date")]
    NoNationalTable,
}

impl Tariff {
    /// The price of one unit for a family on a day.
    ///
    /// # Errors
    /// [`NoPrice`], which billing turns into a problem.
    pub fn unit_price(&self, day: NaiveDate, applicant: &Applicant, national: &National) -> Result<UnitPrice, NoPrice> {
        match &self.method {
            Method::Rows(rows) => self.price_by_rows(rows, applicant),
            Method::LinearQf { rate, minimum, maximum } => self.price_by_rate(*rate, (*minimum, *maximum), applicant),
            Method::Psu(psu) => self.price_by_resources(psu, day, applicant, national),
        }
    }

    /// Whether the price depends on a QF or on resources that this family has to prove.
    #[must_use]
    pub fn needs_proof(&self, applicant: &Applicant) -> bool {
        match &self.method {
            Method::Rows(rows) => rows.iter().any(|row| row.fits(applicant.combination()) && row.needs_qf()),
            Method::LinearQf { .. } | Method::Psu(_) => true,
        }
    }

    fn price_by_rows(&self, rows: &[Row], applicant: &Applicant) -> Result<UnitPrice, NoPrice> {
        let unproven = applicant.quotient_familial.is_none() && self.needs_proof(applicant);
        let row = if unproven {
            // Of equal prices the first row of the file, so that an explanation is always the same.
            let fitting = rows.iter().filter(|row| row.fits_family(applicant.regime, applicant.resident));
            match self.without_proof {
                WithoutProof::Refus => return Err(NoPrice::ProofRefused),
                WithoutProof::Maximum => fitting.max_by_key(|row| (row.price, std::cmp::Reverse(row.line))),
                WithoutProof::Minimum => fitting.min_by_key(|row| (row.price, row.line)),
            }
        } else {
            applicable(rows, applicant.combination(), applicant.quotient_familial.unwrap_or(0))
        };
        let row = row.ok_or(NoPrice::NoRow)?;
        Ok(UnitPrice { cents: row.price, basis: row.basis(), unproven })
    }

    fn price_by_rate(&self, rate: Decimal, (minimum, maximum): (Cents, Cents), applicant: &Applicant) -> Result<UnitPrice, NoPrice> {
        let Some(qf) = applicant.quotient_familial else {
            let (cents, held) = match self.without_proof {
                WithoutProof::Refus => return Err(NoPrice::ProofRefused),
                WithoutProof::Maximum => (maximum, Held::AtMaximum),
                WithoutProof::Minimum => (minimum, Held::AtMinimum),
            };
            return Ok(UnitPrice {
                cents,
                basis: PriceBasis::LinearQf { qf: None, rate, exact: None, rounded_cents: None, held },
                unproven: true,
            });
        };
        let exact = Decimal::from(qf) * rate;
        let rounded = Cents::from_euros(exact, self.rounding);
        let (cents, held) = hold(rounded, minimum, maximum);
        let basis = PriceBasis::LinearQf { qf: Some(qf), rate, exact: Some(exact.normalize()), rounded_cents: Some(rounded), held };
        Ok(UnitPrice { cents, basis, unproven: false })
    }

    fn price_by_resources(&self, psu: &Psu, day: NaiveDate, applicant: &Applicant, national: &National) -> Result<UnitPrice, NoPrice> {
        let limits = national.limits(day).ok_or(NoPrice::NoNationalTable)?;
        let (children, aeeh) = (applicant.dependent_children, applicant.aeeh_children);
        let rate = national.rate(day, psu.care, children, aeeh).ok_or(NoPrice::NoNationalTable)?;
        // A local ceiling may lift the national one and never lower it, even where the national one rose past it since.
        let ceiling = psu.local_ceiling.map_or(limits.ceiling, |local| local.max(limits.ceiling));
        let (retained, held) = match (applicant.monthly_resources, self.without_proof) {
            (Some(resources), _) => hold(resources, limits.floor, ceiling),
            (None, WithoutProof::Refus) => return Err(NoPrice::ProofRefused),
            (None, WithoutProof::Maximum) => (ceiling, Held::AtMaximum),
            (None, WithoutProof::Minimum) => (limits.floor, Held::AtMinimum),
        };
        let exact = hourly_price_exact(retained, rate.percent);
        let resources = applicant.monthly_resources;
        let basis = PriceBasis::Psu { resources, retained, held, percent: rate.percent, children, aeeh, exact: exact.normalize() };
        Ok(UnitPrice { cents: Cents::from_euros(exact, self.rounding), basis, unproven: resources.is_none() })
    }
}

/// Monthly resources × a rate in percent, euros an hour, before its only rounding.
fn hourly_price_exact(resources: Decimal, percent: Decimal) -> Decimal {
    resources * percent / Decimal::ONE_HUNDRED
}

fn hold<T: Ord + Copy>(value: T, lowest: T, highest: T) -> (T, Held) {
    if value < lowest {
        (lowest, Held::AtMinimum)
    } else if value > highest {
        (highest, Held::AtMaximum)
    } else {
        (value, Held::Free)
    }
}

impl Applicant {
    fn combination(&self) -> Combination {
        Combination { regime: self.regime, resident: self.resident, rank: self.rank.max(1), children: self.enrolled_children.max(1) }
    }
}

impl Row {
    fn basis(&self) -> PriceBasis {
        let (lowest, highest) = if self.needs_qf() { (Some(self.qf_min.unwrap_or(0)), self.qf_max) } else { (None, None) };
        let above_one = |number: u32| (number > 1).then_some(number);
        PriceBasis::Row {
            qf_min: lowest,
            qf_max: highest,
            regime: self.regime,
            resident: self.resident,
            rank_min: above_one(self.rank_min),
            children_min: above_one(self.children_min),
        }
    }
}

/// The row that holds for a family and a QF: of those whose conditions all
/// hold, the one whose thresholds (rank, number of children) are the highest.
/// [`parse()`](super::parse()) has made sure that there is exactly one.
fn applicable(rows: &[Row], combination: Combination, qf: u32) -> Option<&Row> {
    let fitting = |row: &&Row| row.fits(combination) && (row.qf_range().0..=row.qf_range().1).contains(&qf);
    rows.iter().filter(fitting).reduce(|best, row| if row.is_as_specific_as(best) { row } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::money::Rounding;

    /// Resources and rate given, as the published vectors give them.
    fn hourly(resources: &str, percent: &str, rounding: &str) -> String {
        let rounding = if rounding == "tronque" { Rounding::Tronque } else { Rounding::DemiSuperieur };
        Cents::from_euros(hourly_price_exact(resources.parse().unwrap(), percent.parse().unwrap()), rounding).to_euros().to_string()
    }

    #[test]
    fn every_published_hourly_price_comes_out() {
        let mut rows = 0;
        for file in [include_str!("../../tests/vectors/psu_hourly.csv"), include_str!("../../tests/vectors/psu_calc.csv")] {
            for record in csv::ReaderBuilder::new().delimiter(b';').from_reader(file.as_bytes()).records() {
                let record = record.unwrap();
                let (id, source) = (&record[0], &record[1]);
                assert_eq!(hourly(&record[2], &record[3], &record[4]), record[5], "{id} {source}");
                rows += 1;
            }
        }
        assert_eq!(rows, 18);
    }
}
