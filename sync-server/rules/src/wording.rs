//! An explanation in plain French: "Pourquoi ce montant ?".
//!
//! One structure, rendered for a reader; what a reader may not see is left out here and nowhere else (security.md 1). Page,
//! paper and terminal all say it through this file, so that a family and an agent on the telephone read the same sentence.

use crate::draft::Line;
use crate::explanation::{BookedStep, Bound, DayStep, ExcusedBy, Origin, PresenceStep, Proof, QuantityOf, Step};
use crate::quantity::{Counting, Mode, Unit};
use crate::tariff::{Billed, Held, PriceBasis, Regime};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use shared::french;
use shared::money::{Cents, Rounding};

/// Who reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// An agent of the organisation: everything, entries at the door by their id included.
    Agent,
    /// A guardian of the child, in the household that owes: times, situation, arithmetic.
    Guardian,
    /// One who pays and nothing else: days and amounts; no time, no place, and no situation that may be another's.
    Payer,
}

/// A line, said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// "10 jours, 24 demi-heures à 0,60 €".
    pub summary: String,
    /// One row a day.
    pub days: Vec<WhyDay>,
    /// Sentences: the rule, the situation, the price, the arithmetic.
    pub rule: Vec<String>,
}

/// One day of a line, said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhyDay {
    /// The day.
    pub on: NaiveDate,
    /// "jeu. 1er".
    pub date: String,
    /// "16:30 – 17:42"; `None` where the reader may not know, or nothing was recorded.
    pub times: Option<String>,
    /// Where a time doesn't come from the door: "arrivée saisie au bureau".
    pub notes: Vec<String>,
    /// "3 × 0,60 €".
    pub counted: String,
    /// Entries at the door that made it, for an agent.
    pub entries: Vec<String>,
    /// Somebody has still to decide.
    pub provisional: bool,
}

/// Says a line for a reader.
#[must_use]
pub fn why(line: &Line, reader: Reader) -> Why {
    say(&line.explanation, line.unit_price_cents, reader)
}

/// Says an explanation: that of a draft, or one that an issued line froze.
#[must_use]
pub fn say(explanation: &[Step], unit_price: Cents, reader: Reader) -> Why {
    let unit = explanation.iter().find_map(|step| if let Step::Tariff { unit, .. } = step { Some(*unit) } else { None });
    let unit = unit.unwrap_or(Unit::Acte);
    let days: Vec<&DayStep> = explanation.iter().filter_map(|step| if let Step::Day(day) = step { Some(day) } else { None }).collect();
    let quantity: Decimal = days.iter().map(|day| day.quantity).sum();
    let told = Told {
        unit,
        is_contract: explanation.iter().any(|step| matches!(step, Step::Contract { .. })),
        by_resources: explanation.iter().any(|step| matches!(step, Step::UnitPrice { basis: PriceBasis::Psu { .. }, .. })),
        reader,
    };
    let mut said: Vec<WhyDay> = days.iter().map(|day| said_day(day, unit_price, reader)).collect();
    let mut rule: Vec<String> = explanation.iter().filter_map(|step| sentence(step, told)).collect();
    rule.extend(once_for_all(&mut said));
    let whole = explanation.iter().rev().find_map(|step| if let Step::Amount { quantity, .. } = step { Some(*quantity) } else { None });
    let summary = match whole.filter(|_| days.is_empty()) {
        Some(quantity) => format!("{} à {unit_price}", units(quantity, unit)),
        None => summary(&days, quantity, unit, unit_price),
    };
    Why { summary, days: said, rule }
}

/// What every day says alike is said once: a column of the same words hides the day that differs.
fn once_for_all(days: &mut [WhyDay]) -> Option<String> {
    let [first, second, ..] = &days[..] else { return None };
    if first.notes.is_empty() || first.notes != second.notes || days.iter().any(|day| day.notes != first.notes) {
        return None;
    }
    let sentence = format!("Chaque jour, {}.", french::list(&first.notes));
    days.iter_mut().for_each(|day| day.notes.clear());
    Some(sentence)
}

fn summary(days: &[&DayStep], quantity: Decimal, unit: Unit, unit_price: Cents) -> String {
    let count = french::count(u32::try_from(days.len()).unwrap_or(u32::MAX), "jour", "jours");
    if unit.minutes().is_none() && quantity == Decimal::from(days.len()) && unit != Unit::DemiJournee {
        return format!("{count} à {unit_price}");
    }
    format!("{count}, {} à {unit_price}", units(quantity, unit))
}

/// "24 demi-heures", "1,5 heure": French counts one and a half as one.
#[must_use]
pub fn units(quantity: Decimal, unit: Unit) -> String {
    let (one, many) = match unit {
        Unit::Acte => ("fois", "fois"),
        Unit::DemiJournee => ("demi-journée", "demi-journées"),
        Unit::Journee => ("journée", "journées"),
        Unit::Heure => ("heure", "heures"),
        Unit::DemiHeure => ("demi-heure", "demi-heures"),
        Unit::QuartHeure => ("quart d’heure", "quarts d’heure"),
        Unit::Minute => ("minute", "minutes"),
    };
    format!("{} {}", decimal(quantity), if quantity.abs() < Decimal::TWO { one } else { many })
}

/// "1,5".
#[must_use]
pub fn decimal(value: Decimal) -> String {
    value.normalize().to_string().replace('.', ",").replace('-', "−")
}

fn said_day(day: &DayStep, unit_price: Cents, reader: Reader) -> WhyDay {
    let (times, mut notes, entries) = if reader == Reader::Payer { Default::default() } else { said_presences(&day.presences) };
    if let Some(booked) = &day.booked {
        notes.extend(said_booking(booked, day, reader));
    }
    if let Some(percent) = day.part_percent {
        notes.push(format!("garde partagée : {percent} % pour votre foyer"));
    }
    if day.provisional {
        notes.push("un pointage manque : montant provisoire".into());
    }
    WhyDay {
        on: day.date,
        date: french::short_day(day.date),
        times,
        notes,
        counted: format!("{} × {unit_price}", decimal(day.quantity)),
        entries: if reader == Reader::Agent { entries } else { Vec::new() },
        provisional: day.provisional,
    }
}

fn said_presences(presences: &[PresenceStep]) -> (Option<String>, Vec<String>, Vec<String>) {
    let (mut times, mut notes, mut entries) = (Vec::new(), Vec::new(), Vec::new());
    for presence in presences {
        for bound in [&presence.roll_call, &presence.from, &presence.to].into_iter().flatten() {
            entries.extend(bound.entry.map(|entry| entry.to_string()));
        }
        if presence.roll_call.is_some() {
            times.push("présence à l’appel".to_owned());
            continue;
        }
        let time = |bound: &Option<Bound>| bound.as_ref().map_or_else(|| "?".to_owned(), |b| french::time(b.time));
        times.push(format!("{} – {}", time(&presence.from), time(&presence.to)));
        notes.extend(presence.from.as_ref().and_then(|bound| said_origin(bound, "début")));
        notes.extend(presence.to.as_ref().and_then(|bound| said_origin(bound, "fin")));
    }
    notes.dedup();
    ((!times.is_empty()).then(|| times.join(", ")), notes, entries)
}

/// Nothing to say of a time at the door; the rest is said, so that nobody takes it for one.
fn said_origin(bound: &Bound, end: &str) -> Option<String> {
    match bound.origin {
        Origin::Door if bound.corrected => Some(format!("{end} : corrigé")),
        Origin::Door => None,
        other => Some(format!("{end} : {}{}", other.label(), if bound.corrected { ", corrigé" } else { "" })),
    }
}

/// What was booked, where it is what is billed; without a presence, that nobody came.
fn said_booking(booked: &BookedStep, day: &DayStep, reader: Reader) -> Option<String> {
    let times = match (booked.from, booked.to) {
        (Some(from), Some(to)) if reader != Reader::Payer => format!(" de {} à {}", french::time(from), french::time(to)),
        _ => String::new(),
    };
    match day.by {
        QuantityOf::Deduction => (!times.is_empty()).then(|| format!("réservé{times}")),
        _ if day.presences.is_empty() => Some(format!("réservé{times}, sans présence")),
        QuantityOf::Booking | QuantityOf::BeyondContract => (!times.is_empty()).then(|| format!("réservé{times}")),
        QuantityOf::Presence | QuantityOf::Provisional => None,
    }
}

/// Where a proof comes from, as people call it; a town hall's own word stands as it is.
fn said_source(source: &str) -> &str {
    match source {
        "cdap" => "CAF",
        "api_particulier" => "API Particulier",
        "avis_imposition" => "avis d’imposition",
        other => other,
    }
}

/// What the sentences of a line depend on, besides their step.
#[derive(Clone, Copy)]
struct Told {
    unit: Unit,
    is_contract: bool,
    /// The price goes by resources, and not by a QF.
    by_resources: bool,
    reader: Reader,
}

fn sentence(step: &Step, told: Told) -> Option<String> {
    let Told { unit, is_contract, by_resources, reader } = told;
    match step {
        // What a contract bills, its own sentences say.
        Step::Tariff { valid_from, label, .. } if is_contract => {
            Some(format!("Tarif « {label} », en vigueur depuis le {}.", french::long_day(*valid_from)))
        }
        Step::Contract { .. } => said_contract(step),
        Step::Part { number, of, hours } => Some(format!("Mensualité {number} sur {of} : {} h.", decimal(*hours))),
        Step::BeyondContract => Some("Le temps avant et après les heures réservées compte en plus, au même prix de l’heure.".into()),
        Step::Adaptation { until } => {
            Some(format!("L’adaptation est gratuite jusqu’au {} : ses heures sont retirées.", french::long_day(*until)))
        }
        Step::Excused { by, from, to, deducted_from } => Some(said_excuse(*by, *from, *to, *deducted_from)),
        Step::ContractEnd { on, reserved_hours, billed_hours } => Some(format!(
            "Le contrat s’arrête le {} : {} h étaient réservées jusque-là, {} h ont été facturées par mensualités. La différence est ici.",
            french::long_day(*on),
            decimal(*reserved_hours),
            decimal(*billed_hours)
        )),
        Step::Tariff { valid_from, label, counting, billed, .. } => {
            let counting = counting.as_ref().map(|c| format!(" {}", said_counting(c))).unwrap_or_default();
            Some(format!("Tarif « {label} », en vigueur depuis le {}.{counting} {}", french::long_day(*valid_from), said_billed(*billed)))
        }
        // A situation tells of a household's means; one who only pays may not be of that household.
        Step::Situation { .. } if reader == Reader::Payer => None,
        Step::Situation { proof, rank, enrolled_children, .. } => said_situation(proof.as_ref(), *rank, *enrolled_children, by_resources),
        Step::UnitPrice { .. } if reader == Reader::Payer => None,
        Step::UnitPrice { basis, unproven, unit_price_cents, .. } => Some(said_price(basis, *unproven, *unit_price_cents, unit)),
        Step::Day(_) => None,
        Step::Amount { quantity, unit_price_cents, rounding, amount_cents } => {
            let rounded = if *rounding == Rounding::Tronque { ", arrondi au centime inférieur" } else { "" };
            Some(format!("{} × {unit_price_cents} = {amount_cents}{rounded}.", decimal(*quantity)))
        }
        Step::Adjustment { billed_cents, now_cents, .. } => {
            Some(format!("{billed_cents} avaient été facturés ; le compte juste est {now_cents}. La différence est ici."))
        }
        Step::Share { share, of, whole_cents, .. } => {
            let percent = (Decimal::from(*share) * Decimal::ONE_HUNDRED / Decimal::from((*of).max(1))).round_dp(2);
            Some(format!("La facture du foyer est partagée : {} % de {whole_cents} pour ce payeur.", decimal(percent)))
        }
    }
}

fn said_contract(step: &Step) -> Option<String> {
    let Step::Contract { from, to, weekly_hours, weeks, planned_leave_hours, hours, parts, monthly_hours, .. } = step else { return None };
    let leave = match planned_leave_hours.is_zero() {
        true => String::new(),
        false => format!(" − {} h de congés prévus", decimal(*planned_leave_hours)),
    };
    Some(format!(
        "Contrat du {} au {} : {} h par semaine × {} semaines{leave} = {} h, en {} de {} h.",
        french::long_day(*from),
        french::long_day(*to),
        decimal(*weekly_hours),
        decimal(*weeks),
        decimal(*hours),
        french::count(*parts, "mensualité", "mensualités"),
        decimal(*monthly_hours)
    ))
}

fn said_excuse(by: ExcusedBy, from: NaiveDate, to: NaiveDate, deducted_from: NaiveDate) -> String {
    let when = match from == to {
        true => format!("le {}", french::weekday_and_day(from)),
        false => format!("du {} au {}", french::weekday_and_day(from), french::weekday_and_day(to)),
    };
    match by {
        ExcusedBy::Certificate if deducted_from > from => format!(
            "Absence avec certificat, {when} : les heures réservées sont déduites à partir du {}, après le délai de carence.",
            french::weekday_and_day(deducted_from)
        ),
        ExcusedBy::Certificate => format!("Absence avec certificat, {when} : les heures réservées sont déduites."),
        ExcusedBy::Centre => format!("Absence demandée par l’établissement, {when} : les heures réservées sont déduites."),
        ExcusedBy::Closure => format!("Fermeture de l’établissement, {when} : les heures réservées sont déduites."),
    }
}

fn said_counting(counting: &Counting) -> String {
    let (step, started) = match counting.step {
        Unit::Heure => ("heure", "Chaque heure commencée compte"),
        Unit::DemiHeure => ("demi-heure", "Chaque demi-heure commencée compte"),
        Unit::QuartHeure => ("quart d’heure", "Chaque quart d’heure commencé compte"),
        Unit::Minute => return "Chaque minute compte.".into(),
        Unit::Acte | Unit::DemiJournee | Unit::Journee => return String::new(),
    };
    let tolerance = match counting.tolerance_minutes {
        0 => String::new(),
        minutes => format!(", au-delà de {minutes} minutes"),
    };
    match counting.mode {
        Mode::Duree => format!("{started}{tolerance}."),
        Mode::Cadran => {
            format!("Le temps compte de {step} en {step} à l’horloge : arrivée ramenée en arrière, départ en avant{tolerance}.")
        }
    }
}

fn said_billed(billed: Billed) -> &'static str {
    match billed {
        Billed::Presence => "La présence est facturée.",
        Billed::Reservation => "La réservation est facturée.",
        Billed::LePlusGrand => "La réservation est facturée, ou la présence si elle dure plus.",
    }
}

fn said_situation(proof: Option<&Proof>, rank: u32, enrolled_children: u32, by_resources: bool) -> Option<String> {
    let family = match (enrolled_children, rank) {
        (0 | 1, _) => String::new(),
        (children, rank) => {
            format!(" {children} enfants inscrits, celui-ci le {}.", if rank == 1 { "1er".into() } else { format!("{rank}e") })
        }
    };
    let Some(proof) = proof else { return Some(format!("Aucun justificatif de ressources connu à cette date.{family}")) };
    let source = match proof.source.as_str() {
        "" => String::new(),
        source => format!("{}, ", said_source(source)),
    };
    let since = format!("({source}depuis le {})", french::long_day(proof.valid_from));
    match (proof.quotient_familial.filter(|_| !(by_resources && proof.monthly_resources.is_some())), proof.monthly_resources) {
        (Some(qf), _) => Some(format!("Votre quotient familial est de {qf} {since}.{family}")),
        (None, Some(resources)) => Some(format!("Vos ressources sont de {} € par mois {since}.{family}", decimal(resources))),
        (None, None) => (!family.is_empty()).then(|| family.trim_start().to_owned()),
    }
}

fn said_price(basis: &PriceBasis, unproven: bool, price: Cents, unit: Unit) -> String {
    let what = match unit {
        Unit::Acte => "chaque fois",
        Unit::DemiJournee => "la demi-journée",
        Unit::Journee => "la journée",
        Unit::Heure => "l’heure",
        Unit::DemiHeure => "la demi-heure",
        Unit::QuartHeure => "le quart d’heure",
        Unit::Minute => "la minute",
    };
    if unproven {
        return format!("Sans justificatif, la grille prévoit {price} {what}.");
    }
    match basis {
        PriceBasis::Row { qf_min, qf_max, regime, resident, rank_min, children_min } => {
            let brackets = match (qf_min, qf_max) {
                (Some(min), Some(max)) => Some(format!("un quotient de {min} à {max}")),
                (Some(min), None) => Some(format!("un quotient à partir de {min}")),
                (None, Some(max)) => Some(format!("un quotient jusqu’à {max}")),
                (None, None) => None,
            };
            let regime = regime.map(|r| match r {
                Regime::Caf => "le régime CAF".to_owned(),
                Regime::Msa => "le régime MSA".to_owned(),
                Regime::Autre => "un autre régime".to_owned(),
            });
            let resident = resident.map(|r| if r { "les habitants" } else { "les familles d’ailleurs" }.to_owned());
            let rank = rank_min.map(|rank| format!("le {rank}e enfant et les suivants"));
            let children = children_min.map(|n| format!("{n} enfants inscrits ou plus"));
            let conditions: Vec<String> = [brackets, regime, resident, rank, children].into_iter().flatten().collect();
            match conditions.is_empty() {
                true => format!("Prix : {price} {what}."),
                false => format!("Pour {}, la grille prévoit {price} {what}.", french::list(&conditions)),
            }
        }
        PriceBasis::LinearQf { qf, rate, held, .. } => {
            let qf = qf.map(|qf| format!("{qf} × {} = ", decimal(*rate))).unwrap_or_default();
            format!("Taux d’effort : {qf}{price} {what}{}.", said_held(*held, "tarif"))
        }
        PriceBasis::Psu { retained, held, percent, children, aeeh, .. } => {
            let aeeh = if *aeeh > 0 { " (AEEH prise en compte)" } else { "" };
            format!(
                "Barème national : {} € × {} % pour {}{aeeh} = {price} {what}{}.",
                decimal(*retained),
                decimal(*percent),
                french::count(*children, "enfant à charge", "enfants à charge"),
                said_held(*held, "montant de ressources")
            )
        }
    }
}

fn said_held(held: Held, what: &str) -> String {
    match held {
        Held::Free => String::new(),
        Held::AtMinimum => format!(", {what} plancher"),
        Held::AtMaximum => format!(", {what} plafond"),
    }
}
