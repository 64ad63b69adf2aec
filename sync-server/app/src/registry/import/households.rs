//! `foyers.csv`, `adresses.csv`, `responsables.csv`, `situations.csv`.

use super::context::{Import, Period, overlaps};
use super::elsewhere::{Watch, What, same_adult, same_household};
use super::fields::Fields;
use super::stage::{Stage, imported};
use crate::Result;
use crate::store::entity::{household, household_address, person, situation};
use chrono::{Months, NaiveDate};
use shared::name::folded;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

const REGIMES: [&str; 3] = ["caf", "msa", "autre"];
const CHANNELS: [&str; 4] = ["courriel", "sms", "papier", "guichet"];
/// Greatest quotient familial: ten times the highest bracket met in published grids.
const QUOTIENT_MAX: i32 = 100_000;
const CHILDREN_MAX: i32 = 30;
const ADULT_YEARS_MAX: u32 = 120;
const ADULT_YEARS_MIN: u32 = 10;
/// All of a bill, in hundredths of a percent.
const WHOLE_BP: i32 = 10_000;

imported! { household: String = |m| m.code.clone() }
imported! { household_address: (Uuid, Option<NaiveDate>) = |m| (m.household_id, m.valid_from) }
imported! { person: String = |m| m.code.clone() }
// A situation that one organisation obtained for itself is not the folder's to change.
imported! { situation: (Uuid, NaiveDate, Option<Uuid>) = |m| (m.household_id, m.valid_from, m.organisation_id) }

/// Households, each with its first address.
pub async fn households(import: &mut Import<'_>) -> Result<()> {
    const FILE: &str = "foyers.csv";
    import.show(FILE);
    let mut stage = import.stage::<household::Model>().await?;
    for (model, _) in stage.rows() {
        import.known.households.stored(&model.code, model.id);
    }
    let Some(table) = import.folder.take(FILE) else { return Ok(()) };
    let mut watch = Watch::over(import, What::Household, &stage, |m| &m.code);
    let mut addresses = import.stage::<household_address::Model>().await?;
    for row in &table.rows {
        let mut f = Fields::new(&table, row, &mut import.report);
        let model = household::Model {
            territoire_id: import.territory.id().0,
            id: Uuid::nil(),
            code: f.code("code"),
            name: f.text("nom"),
            regime: f.opt_one_of("regime", &REGIMES),
            allocataire_number: f.opt_text("numero_allocataire"),
            confidential: f.opt_yes("confidentiel").unwrap_or(false),
        };
        watch.look(&f, |before| before.id, |before| same_household(before, &model));
        let id = stage.put(&mut f, "code", model)?;
        import.known.households.give(&mut f, "code", id);
        let address = address(&mut f, import.territory.id().0, id, None);
        if f.good() {
            addresses.put(&mut f, "code", address)?;
        }
    }
    watch.tell(import, FILE).await?;
    import.finish(FILE, stage).await?;
    import.finish_beside(FILE, addresses).await?;
    Ok(())
}

fn address(f: &mut Fields<'_>, territoire_id: Uuid, household_id: Uuid, valid_from: Option<NaiveDate>) -> household_address::Model {
    household_address::Model {
        territoire_id,
        id: Uuid::nil(),
        household_id,
        valid_from,
        address: f.opt_text("adresse"),
        postal_code: f.opt_text("code_postal"),
        commune_insee: f.insee("commune_insee"),
    }
}

/// Later addresses.
pub async fn addresses(import: &mut Import<'_>) -> Result<()> {
    const FILE: &str = "adresses.csv";
    import.show(FILE);
    let Some(table) = import.folder.take(FILE) else { return Ok(()) };
    let territory = import.territory;
    let existing = territory.find::<household_address::Entity>().all(&territory.on()).await?;
    // First addresses are those of foyers.csv.
    let mut stage = Stage::new(existing.into_iter().filter(|a| a.valid_from.is_some()).collect(), import.now);
    for row in &table.rows {
        let mut f = Fields::new(&table, row, &mut import.report);
        let household = f.id("foyer", &import.known.households);
        let from = f.date("du");
        let model = address(&mut f, territory.id().0, household, Some(from));
        stage.put(&mut f, "du", model)?;
    }
    import.finish(FILE, stage).await
}

/// The adults of households, and who among them pays what share.
pub async fn adults(import: &mut Import<'_>) -> Result<()> {
    const FILE: &str = "responsables.csv";
    import.show(FILE);
    let mut stage = import.stage::<person::Model>().await?;
    for (model, _) in stage.rows() {
        import.known.persons.stored(&model.code, model.id);
    }
    let Some(table) = import.folder.take(FILE) else { return Ok(()) };
    let mut watch = Watch::over(import, What::Adult, &stage, |m| &m.code);
    let mut said: HashSet<String> = HashSet::new();
    for row in &table.rows {
        let mut f = Fields::new(&table, row, &mut import.report);
        let (last_name, first_name) = (f.text("nom"), f.text("prenom"));
        let payer = f.opt_yes("payeur");
        let birth_date = f.opt_date("naissance");
        check_age(&mut f, birth_date, import.today);
        let model = person::Model {
            territoire_id: import.territory.id().0,
            id: Uuid::nil(),
            household_id: f.id("foyer", &import.known.households),
            code: f.code("code"),
            civility: f.opt_text("civilite"),
            search_name: folded(&format!("{first_name} {last_name}")),
            last_name,
            first_name,
            birth_name: f.opt_text("nom_naissance"),
            birth_first_names: f.opt_text("prenoms"),
            birth_date,
            sex: f.opt_one_of("sexe", &["M", "F"]),
            birth_commune_insee: f.opt_insee("naissance_commune_insee"),
            birth_country_insee: f.opt_digits("naissance_pays_insee", 5),
            email: email(&mut f),
            phone: phone(&mut f),
            channel: f.opt_one_of("canal", &CHANNELS),
            language: f.opt_text("langue"),
            is_payer: payer.unwrap_or(false),
            share_bp: f.opt_decimal("part_pourcent", 2, 100).and_then(|d| i32::try_from(d * rust_decimal::Decimal::ONE_HUNDRED).ok()),
        };
        if model.share_bp.is_some() && payer == Some(false) {
            f.wrong("part_pourcent", "une part est celle d'un payeur : attendu payeur = oui, ou aucune part");
        }
        if payer.is_some() {
            said.insert(model.code.clone());
        }
        watch.look(&f, |before| before.household_id, |before| same_adult(before, &model));
        let id = stage.put(&mut f, "code", model)?;
        import.known.persons.give(&mut f, "code", id);
    }
    watch.tell(import, FILE).await?;
    settle_payers(import, &mut stage, &said);
    import.finish(FILE, stage).await
}

/// Who pays where the file doesn't say: those who have a share, else the first adult by code. Shares are given to all
/// payers of a household or to none, and make 100 %.
fn settle_payers(import: &mut Import<'_>, stage: &mut Stage<person::Model>, said: &HashSet<String>) {
    const FILE: &str = "responsables.csv";
    struct Adult {
        code: String,
        pays: bool,
        refused: bool,
        share_bp: Option<i32>,
        line: Option<u64>,
    }
    let mut households: HashMap<Uuid, Vec<Adult>> = HashMap::new();
    for (m, line) in stage.rows() {
        let pays = m.is_payer || m.share_bp.is_some();
        let refused = said.contains(&m.code) && !m.is_payer;
        households.entry(m.household_id).or_default().push(Adult { code: m.code.clone(), pays, refused, share_bp: m.share_bp, line });
    }
    let mut payers: HashSet<String> = HashSet::new();
    let mut problems: Vec<(Option<u64>, &str, String)> = Vec::new();
    for adults in households.values_mut() {
        adults.sort_by(|a, b| a.code.cmp(&b.code));
        if !adults.iter().any(|a| a.pays) {
            match adults.iter_mut().find(|a| !a.refused) {
                Some(first) => first.pays = true,
                None => problems.push((
                    adults.iter().find_map(|a| a.line),
                    "payeur",
                    "aucun payeur dans ce foyer : attendu oui pour l'un au moins de ses adultes".into(),
                )),
            }
        }
        let paying: Vec<&Adult> = adults.iter().filter(|a| a.pays).collect();
        let line = paying.iter().rev().find_map(|a| a.line);
        let shares: Vec<i32> = paying.iter().filter_map(|a| a.share_bp).collect();
        if !shares.is_empty() && shares.len() < paying.len() {
            problems.push((
                line,
                "part_pourcent",
                "un payeur de ce foyer n'a pas de part : attendu une part pour chacun, ou pour aucun".into(),
            ));
        } else if !shares.is_empty() && shares.iter().sum::<i32>() != WHOLE_BP {
            let total = rust_decimal::Decimal::new(i64::from(shares.iter().sum::<i32>()), 2).normalize();
            problems.push((line, "part_pourcent", format!("les parts de ce foyer font {total} % : attendu 100 %")));
        }
        payers.extend(paying.iter().map(|a| a.code.clone()));
    }
    problems.sort();
    for (line, column, expected) in problems.into_iter().filter(|(line, ..)| line.is_some()) {
        import.wrong(FILE, line, column, expected);
    }
    stage.settle(|m| m.is_payer = payers.contains(&m.code));
}

fn check_age(f: &mut Fields<'_>, birth: Option<NaiveDate>, today: NaiveDate) {
    let Some(birth) = birth else { return };
    let years = |count: u32| today.checked_sub_months(Months::new(12 * count)).unwrap_or(today);
    if birth > years(ADULT_YEARS_MIN) || birth < years(ADULT_YEARS_MAX) {
        f.wrong("naissance", format!("attendu la naissance d'un adulte, il y a {ADULT_YEARS_MIN} à {ADULT_YEARS_MAX} ans"));
    }
}

fn email(f: &mut Fields<'_>) -> Option<String> {
    let written = f.opt_text("courriel")?;
    let sound = written.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && host.contains('.') && !host.starts_with('.') && !host.ends_with('.') && !host.contains('@')
    });
    if !sound || written.contains(char::is_whitespace) {
        f.wrong("courriel", "attendu une adresse comme prenom.nom@exemple.fr");
    }
    Some(written)
}

/// A telephone number: digits, with spaces, dots, dashes, brackets and a + in front.
pub fn phone(f: &mut Fields<'_>) -> Option<String> {
    let written = f.opt_text("telephone")?;
    let digits = written.chars().filter(char::is_ascii_digit).count();
    let sound = written.strip_prefix('+').unwrap_or(&written).chars().all(|c| c.is_ascii_digit() || " .-()\u{a0}\u{202f}".contains(c));
    if !sound || !(4..=15).contains(&digits) {
        f.wrong("telephone", "attendu un numéro, par exemple 06 12 34 56 78");
    }
    Some(written)
}

/// What households declared: a QF, resources, from a day.
pub async fn situations(import: &mut Import<'_>) -> Result<()> {
    const FILE: &str = "situations.csv";
    import.show(FILE);
    let Some(table) = import.folder.take(FILE) else { return Ok(()) };
    let mut stage = import.stage::<situation::Model>().await?;
    for row in &table.rows {
        let mut f = Fields::new(&table, row, &mut import.report);
        let valid_from = f.date("du");
        let dependent_children = f.opt_integer("enfants_a_charge", 0..=CHILDREN_MAX);
        let model = situation::Model {
            territoire_id: import.territory.id().0,
            id: Uuid::nil(),
            household_id: f.id("foyer", &import.known.households),
            organisation_id: None,
            valid_from,
            valid_to: f.opt_end("au", valid_from),
            family_quotient: f.opt_integer("quotient_familial", 0..=QUOTIENT_MAX),
            monthly_resources_cents: f.opt_cents("ressources_mensuelles"),
            dependent_children,
            aeeh_children: f.opt_integer("enfants_aeeh", 0..=dependent_children.unwrap_or(CHILDREN_MAX)),
            source: f.opt_text("source"),
        };
        stage.put(&mut f, "du", model)?;
    }
    let declared = stage.rows().filter(|(m, _)| m.organisation_id.is_none());
    let periods = declared.map(|(m, line)| Period { of: m.household_id, from: m.valid_from, to: m.valid_to, line }).collect();
    for (line, other) in overlaps(periods, true) {
        import.wrong(FILE, Some(line), "du", format!("cette situation recouvre celle {other} du même foyer"));
    }
    import.finish(FILE, stage).await
}
