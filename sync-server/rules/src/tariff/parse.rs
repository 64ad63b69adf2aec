//! From the text of a tariff file to a [`Tariff`], or to all that is wrong with it.

use super::coverage::{self, Placed};
use super::examples;
use super::reader::{Section, Source, TariffError};
use super::{Billed, Care, Method, National, Psu, Regime, Row, Tariff, WithoutProof};
use crate::quantity::{Counting, Mode, Unit};
use chrono::NaiveDate;
use shared::money::{Cents, Rounding};
use toml::de::DeTable;

/// Limits of a file: far above any real grid, low enough to answer at once.
const BYTES_MAX: usize = 1024 * 1024;
const ROWS_MAX: usize = 500;
const THRESHOLD_MAX: u32 = 12;

/// Reads a tariff file, with the national table that ships with Préau.
///
/// # Errors
/// Everything that is wrong, in the order of the file.
pub fn parse(text: &str) -> Result<Tariff, Vec<TariffError>> {
    parse_with(text, National::shipped())
}

/// Reads a tariff file against a national table.
///
/// # Errors
/// Everything that is wrong, in the order of the file.
pub fn parse_with(text: &str, national: &National) -> Result<Tariff, Vec<TariffError>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let source = Source::new(text);
    if text.len() > BYTES_MAX {
        source.missing(0, "", format!("fichier trop long : {} octets au plus", BYTES_MAX));
        return Err(source.into_errors());
    }
    let (document, syntax) = DeTable::parse_recoverable(text);
    for error in &syntax {
        source.wrong(error.span().unwrap_or(0..0), "", syntax_message(error.message()));
    }
    if source.has_errors() {
        return Err(source.into_errors());
    }
    let root = Section::new(&source, document.get_ref(), 0, "");
    let tariff = read(&source, &root, national);
    root.finish();
    match tariff {
        Some(tariff) if !source.has_errors() => Ok(tariff),
        _ => Err(source.into_errors()),
    }
}

fn syntax_message(english: &str) -> String {
    if english.contains("duplicate key") {
        return "clé en double".to_owned();
    }
    format!("ceci ne se lit pas comme du TOML ({english}) ; attendu une ligne « clé = valeur », les textes et les prix entre guillemets")
}

const UNITS: [(&str, Unit); 7] = Unit::CODES;
const REGIMES: [(&str, Regime); 3] = [("caf", Regime::Caf), ("msa", Regime::Msa), ("autre", Regime::Autre)];

#[derive(Clone, Copy, PartialEq)]
enum MethodKind {
    Forfait,
    TranchesQf,
    TauxEffort,
    Psu,
}

const METHODS: [(&str, MethodKind); 4] = [
    ("forfait", MethodKind::Forfait),
    ("tranches_qf", MethodKind::TranchesQf),
    ("taux_effort", MethodKind::TauxEffort),
    ("psu", MethodKind::Psu),
];

fn read(source: &Source<'_>, root: &Section<'_, '_>, national: &National) -> Option<Tariff> {
    let code = root.required("code", root.text("code", "un code court entre guillemets"), "un code court : code = \"soir\"");
    let label = root.required("libelle", root.text("libelle", "un libellé entre guillemets"), "le libellé imprimé sur les factures");
    let valid_from = root.required("valable_du", root.date("valable_du"), "une date : valable_du = 2026-09-01");
    let valid_to = root.date("valable_au");
    if let (Some(from), Some((to, span))) = (valid_from, valid_to.clone())
        && to < from
    {
        root.wrong(span, "valable_au", format!("attendu une date égale ou postérieure à valable_du ({from})"));
    }
    let kind = root.required("methode", root.choice("methode", &METHODS), "\"forfait\", \"tranches_qf\", \"taux_effort\" ou \"psu\"");
    let (unit, counting) = units(root, kind);
    let bounded_by_schedule = root.boolean("borne_horaires").is_some_and(|(value, _)| value);
    let rounding = root.choice("arrondi", &[("demi_superieur", Rounding::DemiSuperieur), ("tronque", Rounding::Tronque)]);
    let without_proof = root.choice(
        "sans_justificatif",
        &[("maximum", WithoutProof::Maximum), ("minimum", WithoutProof::Minimum), ("refus", WithoutProof::Refus)],
    );
    let billed = root
        .choice("facture", &[("presence", Billed::Presence), ("reservation", Billed::Reservation), ("le_plus_grand", Billed::LePlusGrand)]);
    let method = match kind {
        Some(kind) => method(source, root, kind, valid_from, national),
        None => {
            // One mistake is enough: which other keys belong here depends on the method.
            for key in
                ["prix", "tranches", "taux", "minimum", "maximum", "accueil", "plafond_local", "carence_jours", "maladie_seuil_jours"]
            {
                let _ = root.place_of(key);
            }
            None
        }
    };
    let examples = examples::read(root, unit.unwrap_or(Unit::Acte), valid_from.unwrap_or_default());
    Some(Tariff {
        code: code?,
        label: label?,
        valid_from: valid_from?,
        valid_to: valid_to.map(|(date, _)| date),
        method: method?,
        unit: unit?,
        counting: counting?,
        bounded_by_schedule,
        rounding: rounding.map_or(Rounding::DemiSuperieur, |(value, _)| value),
        without_proof: without_proof.map_or(WithoutProof::Maximum, |(value, _)| value),
        billed: billed.map_or(Billed::Presence, |(value, _)| value),
        examples,
    })
}

/// `unite`, `pas`, `decompte` and `tolerance_minutes`, which only make sense together.
fn units(root: &Section<'_, '_>, kind: Option<MethodKind>) -> (Option<Unit>, Option<Counting>) {
    let psu = kind == Some(MethodKind::Psu);
    let found = root.choice("unite", &UNITS);
    if let (true, Some((_, span))) = (psu, found.clone().filter(|(unit, _)| *unit != Unit::Heure)) {
        root.wrong(span, "unite", "attendu \"heure\" : la PSU est un prix de l'heure");
    }
    let unit = match found {
        None if psu && root.place_of("unite").is_none() => Some(Unit::Heure),
        found => root.required(
            "unite",
            found,
            "l'unité du prix : \"acte\", \"demi_journee\", \"journee\", \"heure\", \"demi_heure\", \"quart_heure\" ou \"minute\"",
        ),
    };
    let step = root.choice("pas", &UNITS);
    let mode = root.choice("decompte", &[("duree", Mode::Duree), ("cadran", Mode::Cadran)]);
    let tolerance = root.integer("tolerance_minutes", 0, 59);
    let Some(unit) = unit else { return (None, None) };
    let default_step = if psu { Unit::DemiHeure } else { unit };
    let counted = step.as_ref().map_or(default_step, |(step, _)| *step);
    if let Some((step, span)) = step
        && step != unit
        && (step.minutes().is_none() || unit.minutes().is_none())
    {
        let expected = if unit.minutes().is_some() {
            "attendu un pas de temps : \"heure\", \"demi_heure\", \"quart_heure\" ou \"minute\"".to_owned()
        } else {
            format!("une unité « {} » ne se compte pas par pas : enlever cette clé", unit.code())
        };
        root.wrong(span, "pas", expected);
    }
    let tolerance_minutes = match tolerance {
        Some((minutes, span)) if minutes > 0 && minutes >= counted.minutes().unwrap_or(0) => {
            let expected = counted.minutes().map_or("sans objet pour une unité qui n'est pas une durée".to_owned(), |step| {
                format!("attendu moins que le pas ({step} minutes)")
            });
            root.wrong(span, "tolerance_minutes", expected);
            0
        }
        found => found.map_or(0, |(minutes, _)| minutes),
    };
    (Some(unit), Some(Counting { mode: mode.map_or(Mode::Duree, |(mode, _)| mode), step: counted, tolerance_minutes }))
}

fn method(
    source: &Source<'_>,
    root: &Section<'_, '_>,
    kind: MethodKind,
    valid_from: Option<NaiveDate>,
    national: &National,
) -> Option<Method> {
    match kind {
        MethodKind::Forfait => rows(source, root, "un prix : prix = \"3.50\", ou des [[tranches]]", true),
        MethodKind::TranchesQf => rows(source, root, "des sections [[tranches]]", false),
        MethodKind::TauxEffort => linear(root),
        MethodKind::Psu => self::psu(root, valid_from, national),
    }
}

fn rows(source: &Source<'_>, root: &Section<'_, '_>, expected: &str, fixed_price_allowed: bool) -> Option<Method> {
    if fixed_price_allowed && let Some(price_place) = root.place_of("prix") {
        let price = price(root, "prix");
        if let Some(span) = root.place_of("tranches") {
            root.wrong(span, "tranches", "attendu soit prix, soit des [[tranches]], pas les deux");
        }
        let line = source.place(price_place.start).0;
        let row = |price| Row { regime: None, resident: None, rank_min: 1, children_min: 1, qf_min: None, qf_max: None, price, line };
        return price.map(|price| Method::Rows(vec![row(price)]));
    }
    let sections = root.tables("tranches", "tranches.");
    if sections.is_empty() {
        if root.place_of("tranches").is_none() {
            source.missing(root.start, "tranches", format!("absent, attendu {expected}"));
        }
        return None;
    }
    if sections.len() > ROWS_MAX {
        source.missing(sections[ROWS_MAX].start, "tranches", format!("trop de tranches : {ROWS_MAX} au plus"));
        return None;
    }
    let read: Vec<Option<Placed>> = sections.iter().map(|section| row(source, section)).collect();
    // Gaps are only worth telling once every row is understood.
    let rows: Vec<Placed> = read.into_iter().collect::<Option<_>>()?;
    coverage::check(source, &rows);
    Some(Method::Rows(rows.into_iter().map(|(row, _)| row).collect()))
}

fn row(source: &Source<'_>, section: &Section<'_, '_>) -> Option<Placed> {
    let regime = section.choice("regime", &REGIMES);
    let resident = section.boolean("resident");
    let rank_min = section.integer("rang_min", 1, THRESHOLD_MAX);
    let children_min = section.integer("enfants_min", 1, THRESHOLD_MAX);
    let qf_min = section.integer("qf_min", 0, u32::MAX);
    let qf_max = section.integer("qf_max", 0, u32::MAX - 1);
    let price = section.required("prix", price(section, "prix").map(|price| (price, 0..0)), "le prix d'une unité : prix = \"3.50\"");
    if let (Some((lowest, _)), Some((highest, span))) = (&qf_min, &qf_max)
        && highest < lowest
    {
        section.wrong(span.clone(), "qf_max", format!("attendu au moins qf_min ({lowest})"));
        return None;
    }
    section.finish();
    let broken = ["regime", "resident", "rang_min", "enfants_min", "qf_min", "qf_max"].into_iter().zip([
        regime.is_none(),
        resident.is_none(),
        rank_min.is_none(),
        children_min.is_none(),
        qf_min.is_none(),
        qf_max.is_none(),
    ]);
    if broken.into_iter().any(|(key, absent)| absent && section.place_of(key).is_some()) {
        return None;
    }
    let line = source.place(section.start).0;
    let row = Row {
        regime: regime.map(|(value, _)| value),
        resident: resident.map(|(value, _)| value),
        rank_min: rank_min.map_or(1, |(value, _)| value),
        children_min: children_min.map_or(1, |(value, _)| value),
        qf_min: qf_min.map(|(value, _)| value),
        qf_max: qf_max.map(|(value, _)| value),
        price: price?,
        line,
    };
    Some((row, section.start..section.start))
}

/// An amount of euros that cents hold exactly: a bill is made of them.
pub(super) fn price(section: &Section<'_, '_>, key: &'static str) -> Option<Cents> {
    section.decimal(key, 2, "3.50").and_then(|(euros, _)| Cents::from_euros_exact(euros))
}

fn linear(root: &Section<'_, '_>) -> Option<Method> {
    let rate = root.required("taux", root.decimal("taux", 9, "0.0036"), "le taux appliqué au QF : taux = \"0.0036\"");
    let minimum = root.required("minimum", price(root, "minimum").map(|price| (price, 0..0)), "le prix le plus bas : minimum = \"2.60\"");
    let maximum = root.required("maximum", price(root, "maximum").map(|price| (price, 0..0)), "le prix le plus haut : maximum = \"4.50\"");
    if let (Some(minimum), Some(maximum), Some(span)) = (minimum, maximum, root.place_of("maximum"))
        && maximum < minimum
    {
        root.wrong(span, "maximum", format!("attendu au moins le minimum ({})", minimum.to_euros()));
    }
    Some(Method::LinearQf { rate: rate?, minimum: minimum?, maximum: maximum? })
}

fn psu(root: &Section<'_, '_>, valid_from: Option<NaiveDate>, national: &National) -> Option<Method> {
    let care = root.choice("accueil", &[("collectif", Care::Collectif), ("familial", Care::Familial)]);
    let care = root.required("accueil", care, "\"collectif\" ou \"familial\"");
    let local_ceiling = root.decimal("plafond_local", 2, "6860.00");
    let waiting_days = root.integer("carence_jours", 0, 3).map_or(3, |(days, _)| days);
    let illness_days_min = root.integer("maladie_seuil_jours", 1, 31).map_or(4, |(days, _)| days);
    if let Some(from) = valid_from {
        match (national.limits(from), &local_ceiling) {
            (None, _) => {
                let span = root.place_of("valable_du").unwrap_or(0..0);
                root.wrong(span, "valable_du", "aucun barème national de la PSU n'est connu à cette date, attendu 2018-01-01 ou après");
            }
            (Some(limits), Some((ceiling, span))) if *ceiling < limits.ceiling => {
                let expected = format!("attendu au moins le plafond national ({}) : il peut être dépassé, pas abaissé", limits.ceiling);
                root.wrong(span.clone(), "plafond_local", expected);
            }
            _ => {}
        }
    }
    Some(Method::Psu(Psu { care: care?, local_ceiling: local_ceiling.map(|(euros, _)| euros), waiting_days, illness_days_min }))
}

/// Shared with the examples, which name the same codes.
pub(super) fn regime(section: &Section<'_, '_>) -> Option<Regime> {
    section.choice("regime", &REGIMES).map(|(regime, _)| regime)
}
