//! For each family that the rows speak of, every QF from 0 has exactly one price.

use super::reader::Source;
use super::{Combination, Regime, Row};
use std::collections::BTreeSet;
use std::ops::Range;

/// A row, and where it stands in the file.
pub(super) type Placed = (Row, Range<usize>);

/// Notes each gap and each overlap, once, at the row where it shows.
///
/// Between two rows that both hold, the higher thresholds of rank and number
/// of children win (a row "from the second child on" replaces the general
/// one); where no row is above all others, two prices stand side by side. A
/// combination that no row speaks of at all is not offered by the tariff, and
/// is no gap.
pub(super) fn check(source: &Source<'_>, rows: &[Placed]) {
    let mut said = BTreeSet::new();
    for combination in combinations(rows) {
        let held: Vec<&Placed> = rows.iter().filter(|(row, _)| row.fits(combination)).collect();
        for (lowest, highest) in stretches(&held) {
            let here: Vec<&Placed> =
                held.iter().filter(|(row, _)| row.qf_range().0 <= lowest && highest <= row.qf_range().1).copied().collect();
            let place = match here.as_slice() {
                [] => {
                    let before = held.iter().filter(|(row, _)| row.qf_range().1 < lowest).max_by_key(|(row, _)| row.qf_range().1);
                    before.or(held.first()).map(|(row, span)| {
                        (span, format!("aucun prix pour {}{}", range(lowest, highest), describe(combination, rows)), row.line)
                    })
                }
                several => rivals(several).map(|(row, (_, span))| {
                    (span, format!("la tranche de la ligne {} donne déjà un prix pour {}", row.line, range(lowest, highest)), row.line)
                }),
            };
            // The same hole or the same pair is said once, for the first combination that shows it.
            if let Some((span, expected, line)) = place
                && said.insert((span.start, line, lowest))
            {
                source.missing(span.start, "tranches", expected);
            }
        }
    }
}

/// Two rows of which neither is above all others, the later one with its place.
fn rivals<'a>(held: &[&'a Placed]) -> Option<(&'a Row, &'a Placed)> {
    let top = held.iter().copied().reduce(|best, placed| if placed.0.is_as_specific_as(&best.0) { placed } else { best })?;
    let rival = held
        .iter()
        .copied()
        .find(|placed| placed.1 != top.1 && (!top.0.is_as_specific_as(&placed.0) || placed.0.is_as_specific_as(&top.0)))?;
    let (first, second) = if rival.0.line < top.0.line { (rival, top) } else { (top, rival) };
    Some((&first.0, second))
}

fn range(lowest: u32, highest: u32) -> String {
    match highest {
        u32::MAX => format!("un QF de {lowest} et plus"),
        _ if lowest == highest => format!("un QF de {lowest}"),
        _ => format!("un QF de {lowest} à {highest}"),
    }
}

/// Every family that some row holds for, with thresholds at the values that the rows name.
fn combinations(rows: &[Placed]) -> Vec<Combination> {
    let ranks: BTreeSet<u32> = rows.iter().map(|(row, _)| row.rank_min).chain([1]).collect();
    let numbers: BTreeSet<u32> = rows.iter().map(|(row, _)| row.children_min).chain([1]).collect();
    let mut combinations = Vec::new();
    for regime in Regime::ALL {
        for resident in [true, false] {
            for &rank in &ranks {
                for &children in &numbers {
                    combinations.push(Combination { regime, resident, rank, children });
                }
            }
        }
    }
    combinations.retain(|combination| rows.iter().any(|(row, _)| row.fits(*combination)));
    combinations
}

/// All QFs, cut wherever one of the rows starts or ends.
fn stretches(held: &[&Placed]) -> Vec<(u32, u32)> {
    let starts: BTreeSet<u32> =
        held.iter().flat_map(|(row, _)| [Some(row.qf_range().0), row.qf_range().1.checked_add(1)]).flatten().chain([0]).collect();
    let ends = starts.iter().skip(1).map(|next| next - 1).chain([u32::MAX]);
    starts.iter().copied().zip(ends).collect()
}

/// The conditions that tell this combination from others, as far as the rows name any.
fn describe(combination: Combination, rows: &[Placed]) -> String {
    let mut parts = Vec::new();
    if rows.iter().any(|(row, _)| row.regime.is_some()) {
        parts.push(format!("régime {}", combination.regime.code()));
    }
    if rows.iter().any(|(row, _)| row.resident.is_some()) {
        parts.push(if combination.resident { "résident" } else { "hors territoire" }.to_owned());
    }
    if rows.iter().any(|(row, _)| row.rank_min > 1) {
        parts.push(format!("enfant de rang {}", combination.rank));
    }
    if rows.iter().any(|(row, _)| row.children_min > 1) {
        parts.push(format!("{} enfant(s) inscrit(s)", combination.children));
    }
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
}
