//! From charges to lines, from lines to invoices.
//!
//! A line is one child, one activity, one tariff version, one unit price,
//! within one month (and one household, which owes it); of a contract, its
//! part, what goes beyond it and what it takes off are lines of their own. Its amount is the sum
//! of its quantities × the unit price, rounded once. A household's adults
//! share each line: parts toward zero, the missing cents to the largest
//! remainders, then by payer's code. Totals are sums of lines.

use crate::draft::{Invoice, Line};
use crate::explanation::Step;
use crate::input::{Activity, Centre, Household, Payer, is_daily};
use crate::problem::{Problem, ProblemKind};
use crate::quantity::Quantity;
use crate::tariff::Tariff;
use chrono::NaiveDate;
use shared::money::{Cents, split};
use std::collections::BTreeMap;

/// What a line is about. In the order of bills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum About<'a> {
    /// Days at the door.
    Days,
    /// The monthly part of a contract, by its code.
    Part(&'a str),
    /// What a broken contract still comes to.
    Settlement(&'a str),
    /// Hours beyond a contract.
    Beyond(&'a str),
    /// Free hours of a contract's adaptation.
    Adaptation(&'a str),
    /// Absences that a contract doesn't make due.
    Excused(&'a str),
}

impl About<'_> {
    /// As drafts and issued lines write it; empty for days at the door.
    fn code(self) -> String {
        match self {
            Self::Days => String::new(),
            Self::Part(contract) => format!("mensualite:{contract}"),
            Self::Settlement(contract) => format!("regularisation:{contract}"),
            Self::Beyond(contract) => format!("complement:{contract}"),
            Self::Adaptation(contract) => format!("adaptation:{contract}"),
            Self::Excused(contract) => format!("deduction:{contract}"),
        }
    }

    fn label(self, activity: &str) -> String {
        match self {
            Self::Days => activity.to_owned(),
            Self::Part(_) => format!("{activity}, forfait mensuel"),
            Self::Settlement(_) => format!("{activity}, régularisation de fin de contrat"),
            Self::Beyond(_) => format!("{activity}, heures au-delà du contrat"),
            Self::Adaptation(_) => format!("{activity}, adaptation gratuite"),
            Self::Excused(_) => format!("{activity}, absences déduites"),
        }
    }
}

/// What somebody owes, before it is known at what price.
#[derive(Clone)]
pub(crate) struct Owed<'a> {
    pub about: About<'a>,
    pub quantity: Quantity,
    /// First and last day that it is about.
    pub days: (NaiveDate, NaiveDate),
    /// What makes the quantity.
    pub steps: Vec<Step>,
}

/// What a household owes for one child and activity: of one day, or by contract.
pub(crate) struct Charge<'a> {
    pub about: About<'a>,
    pub regie: &'a str,
    pub household: &'a Household,
    pub child: &'a str,
    pub centre: &'a Centre,
    pub activity: &'a Activity,
    pub tariff: &'a Tariff,
    pub unit_price: Cents,
    pub quantity: Quantity,
    pub situation: Step,
    pub price: Step,
    /// First and last day that it is about.
    pub days: (NaiveDate, NaiveDate),
    /// What makes its quantity.
    pub steps: Vec<Step>,
}

/// What makes charges one line. The order is that of invoices and lines, the dates apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    regie: &'a str,
    household: &'a str,
    child: &'a str,
    activity: &'a str,
    tariff: (&'a str, NaiveDate),
    unit_price: Cents,
    about: About<'a>,
}

/// All charges of a month.
#[derive(Default)]
pub(crate) struct Ledger<'a> {
    lines: BTreeMap<Key<'a>, Vec<Charge<'a>>>,
}

impl<'a> Ledger<'a> {
    pub fn add(&mut self, charge: Charge<'a>) {
        let key = Key {
            regie: charge.regie,
            household: &charge.household.code,
            child: charge.child,
            activity: &charge.activity.code,
            tariff: (&charge.tariff.code, charge.tariff.valid_from),
            unit_price: charge.unit_price,
            about: charge.about,
        };
        self.lines.entry(key).or_default().push(charge);
    }

    /// One invoice a régie, payer and household, none without a line; and households where nobody pays.
    pub fn into_invoices(self) -> (Vec<Invoice>, Vec<Problem>) {
        let mut invoices: BTreeMap<(String, String, String), Vec<Line>> = BTreeMap::new();
        let mut problems = Vec::new();
        for charges in self.lines.into_values() {
            let household = charges[0].household;
            let (regie, first_day) = (charges[0].regie, charges[0].days.0);
            let payers = payers(household);
            if payers.is_empty() {
                problems.push(missing_payer(household, first_day));
            }
            let whole = line(charges);
            for (payer, part) in share(&whole, &payers) {
                invoices.entry((regie.to_owned(), payer, household.code.clone())).or_default().push(part);
            }
        }
        let invoices = invoices.into_iter().map(|((regie, payer, household), mut lines)| {
            lines.sort_by(|a, b| {
                (&a.child, &a.activity, a.date_from, a.unit_price_cents).cmp(&(&b.child, &b.activity, b.date_from, b.unit_price_cents))
            });
            Invoice { regie, household, payer, total_cents: lines.iter().map(|line| line.amount_cents).sum(), lines }
        });
        (invoices.collect(), once_a_household(problems))
    }
}

/// A whole, in hundredths of a percent.
const WHOLE_BP: u32 = 10_000;

/// Those who pay, by code, each with a part; equal parts where none is said.
fn payers(household: &Household) -> Vec<(&str, u32)> {
    let mut payers: Vec<&Payer> = household.payers.iter().collect();
    payers.sort_by(|a, b| a.code.cmp(&b.code));
    let said: u32 = payers.iter().filter_map(|payer| payer.share_bp).sum();
    let unsaid = u32::try_from(payers.iter().filter(|payer| payer.share_bp.is_none()).count()).unwrap_or(u32::MAX);
    // What nobody claims goes in equal parts to those without a part; the scale keeps it whole.
    let left = WHOLE_BP.saturating_sub(said);
    let scale = unsaid.max(1);
    payers.into_iter().map(|payer| (payer.code.as_str(), payer.share_bp.map_or(left, |share| share * scale))).collect()
}

fn missing_payer(household: &Household, day: NaiveDate) -> Problem {
    let message = "Aucun adulte de ce foyer n'est payeur : la facture n'a pas de destinataire.".to_owned();
    Problem {
        kind: ProblemKind::MissingPayer,
        blocking: true,
        centre: None,
        household: Some(household.code.clone()),
        child: None,
        date: Some(day),
        message,
    }
}

fn once_a_household(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort_by(|a, b| (&a.household, a.date).cmp(&(&b.household, b.date)));
    problems.dedup_by(|later, earlier| later.household == earlier.household);
    problems
}

/// One line from the charges of a key, in order of days.
fn line(mut charges: Vec<Charge<'_>>) -> Line {
    charges.sort_by_key(|charge| charge.days);
    let first = charges[0].days.0;
    let last = charges.iter().map(|charge| charge.days.1).max().unwrap_or(first);
    let Charge { about, child, centre, activity, tariff, unit_price, .. } = charges[0];
    let quantity: Quantity = charges.iter().map(|charge| charge.quantity).sum();
    let amount_cents = quantity.times(unit_price, tariff.rounding);
    let mut explanation = vec![Step::Tariff {
        code: tariff.code.clone(),
        valid_from: tariff.valid_from,
        valid_to: tariff.valid_to,
        label: tariff.label.clone(),
        unit: tariff.unit,
        counting: (!is_daily(tariff.unit)).then_some(tariff.counting),
        billed: tariff.billed,
    }];
    for charge in charges {
        // A situation, a price or a contract is told again only from the day on which it is another one.
        for told in [charge.situation, charge.price].into_iter().chain(charge.steps) {
            let last = explanation.iter().rev().find(|step| std::mem::discriminant(*step) == std::mem::discriminant(&told));
            if matches!(told, Step::Day(_)) || last.is_none_or(|last| !last.is_same_but_for_date(&told)) {
                explanation.push(told);
            }
        }
    }
    explanation.push(Step::Amount {
        quantity: quantity.to_decimal(),
        unit_price_cents: unit_price,
        rounding: tariff.rounding,
        amount_cents,
    });
    Line {
        child: child.to_owned(),
        centre: centre.code.clone(),
        activity: activity.code.clone(),
        tariff: tariff.code.clone(),
        date_from: first,
        date_to: last,
        quantity: quantity.to_string(),
        unit: tariff.unit.code().to_owned(),
        unit_price_cents: unit_price,
        amount_cents,
        label: about.label(&activity.name),
        explanation,
        part: about.code(),
    }
}

/// A line for each payer; a payer whose part is nothing has none.
fn share(whole: &Line, payers: &[(&str, u32)]) -> Vec<(String, Line)> {
    match payers {
        [] => vec![(String::new(), whole.clone())],
        [(only, _)] => vec![((*only).to_owned(), whole.clone())],
        several => {
            let shares: Vec<u32> = several.iter().map(|(_, share)| *share).collect();
            let of: u32 = shares.iter().sum();
            let parts = split(whole.amount_cents, &shares);
            let with_part = several.iter().zip(parts).filter(|((_, share), _)| *share > 0 || of == 0);
            with_part
                .map(|((payer, share), amount_cents)| {
                    let mut line = Line { amount_cents, ..whole.clone() };
                    line.explanation.push(Step::Share { payer: (*payer).to_owned(), share: *share, of, whole_cents: whole.amount_cents });
                    ((*payer).to_owned(), line)
                })
                .collect()
        }
    }
}
