//! A draft as an agent reads it in a terminal.

use crate::{Error, Result};
use rules::draft::{Draft, Invoice};
use rules::explanation::Step;
use rules::problem::Problem;
use std::fmt::Write as _;

/// The whole draft: invoices, problems, and what they come to.
#[must_use]
pub fn draft(draft: &Draft) -> String {
    let mut out = format!("Brouillon de {}\n", draft.month);
    for bill in &draft.invoices {
        _ = write!(out, "\n{}", invoice(bill));
    }
    let (blocking, others): (Vec<_>, Vec<_>) = draft.problems.iter().partition(|problem| problem.blocking);
    for (title, problems) in [("À décider avant d'émettre", blocking), ("À regarder", others)] {
        if !problems.is_empty() {
            _ = writeln!(out, "\n{title} : {}", problems.len());
            problems.iter().for_each(|told| _ = writeln!(out, "  {}", problem(told)));
        }
    }
    _ = writeln!(out, "\n{} facture(s), {}", draft.invoices.len(), draft.total_cents);
    out
}

fn invoice(invoice: &Invoice) -> String {
    let payer = if invoice.payer.is_empty() { "sans payeur" } else { &invoice.payer };
    let mut out = format!("Régie {}, foyer {}, payeur {payer} : {}\n", invoice.regie, invoice.household, invoice.total_cents);
    for line in &invoice.lines {
        let quantity = line.quantity.replace('.', ",").replace('-', "−");
        _ = write!(out, "  {}  {} : {quantity} × {} = ", line.child, line.label, line.unit_price_cents);
        match line.explanation.last() {
            Some(Step::Share { whole_cents, .. }) => _ = writeln!(out, "{whole_cents}, dont à sa charge {}", line.amount_cents),
            _ => _ = writeln!(out, "{}", line.amount_cents),
        }
    }
    out
}

/// A value as it is kept in a column.
///
/// # Errors
/// A defect: what we keep can be written.
pub fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::Unavailable(error.to_string()))
}

/// A problem in one line.
#[must_use]
pub fn problem(problem: &Problem) -> String {
    let date = problem.date.map(|date| date.format("%d/%m/%Y ").to_string()).unwrap_or_default();
    let about: Vec<String> = [("lieu", &problem.centre), ("foyer", &problem.household), ("enfant", &problem.child)]
        .into_iter()
        .filter_map(|(what, code)| Some(format!("{what} {}", code.as_ref()?)))
        .collect();
    format!("{date}{} [{}] {}", about.join(", "), problem.kind.code(), problem.message)
}
