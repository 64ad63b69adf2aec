//! `contrats.csv`, `contrats_plages.csv`, `conges.csv`.

use super::context::{Import, KnownContract, Owned, Period, overlaps};
use super::fields::Fields;
use super::stage::imported;
use crate::Result;
use crate::store::entity::{contract, contract_leave, contract_slot};
use chrono::NaiveDate;
use std::collections::HashMap;
use uuid::Uuid;

const CARE_KINDS: [&str; 3] = ["regulier", "occasionnel", "urgence"];
const WEEKS: [&str; 3] = ["toutes", "A", "B"];
const WEEKDAYS: [&str; 7] = ["lu", "ma", "me", "je", "ve", "sa", "di"];
/// A contract runs over three years at most: the time of a crèche.
const WEEKS_MAX: i64 = 160;
const PARTS_MAX: i32 = 36;
const WEEK_HOURS_MAX: i64 = 80;
const LEAVE_HOURS_MAX: i64 = 10_000;

imported! { contract: (Uuid, String) = |m| (m.organisation_id, m.code.clone()) }
// The rank stands for the slot: one that starts earlier from now on replaces itself.
imported! { contract_slot: (Uuid, String, i32, i32) = |m| (m.contract_id, m.week.clone(), m.weekday, m.rank) }
imported! { contract_leave: (Uuid, NaiveDate) = |m| (m.contract_id, m.first_day) }

/// Contracts with reserved hours.
pub async fn contracts(import: &mut Import<'_>) -> Result<()> {
    const FILE: &str = "contrats.csv";
    import.show(FILE);
    let mut stage = import.stage_of_organisations::<contract::Model>().await?;
    for (m, _) in stage.rows() {
        import.known.contracts.stored(&m.code, known(m, m.id));
    }
    let Some(table) = import.folder.take(FILE) else { return Ok(()) };
    for row in &table.rows {
        let mut f = Fields::new(&table, row, &mut import.report);
        let activity = f.lookup("activite", &import.known.activities);
        let own = activity.map_or(Owned { organisation: Uuid::nil(), id: Uuid::nil() }, |a| a.own);
        let valid_from = f.date("du");
        let valid_to = f.end("au", valid_from);
        let model = contract::Model {
            organisation_id: own.organisation,
            id: Uuid::nil(),
            territoire_id: import.territory.id().0,
            code: f.code("code"),
            child_id: f.id("enfant", &import.known.children),
            activity_id: own.id,
            household_id: f.opt_lookup("foyer", &import.known.households),
            valid_from,
            valid_to,
            weekly_hours: positive(&mut f, "heures_semaine", WEEK_HOURS_MAX),
            weeks: positive(&mut f, "semaines", WEEKS_MAX),
            monthly_parts: f.integer("mensualites", 1..=PARTS_MAX),
            planned_leave_hours: f.opt_decimal("heures_absence_prevues", 2, LEAVE_HOURS_MAX).unwrap_or_default().normalize().to_string(),
            care_kind: f.opt_one_of("accueil", &CARE_KINDS).unwrap_or_else(|| "regulier".into()),
            adaptation_until: adaptation(&mut f, valid_from, valid_to),
        };
        let placed = model.clone();
        let id = stage.put(&mut f, "code", model)?;
        import.known.contracts.give(&mut f, "code", known(&placed, id));
    }
    let period = |(m, line): (&contract::Model, Option<u64>)| Period {
        of: (m.child_id, m.activity_id, m.household_id),
        from: m.valid_from,
        to: Some(m.valid_to),
        line,
    };
    for (line, other) in overlaps(stage.rows().map(period).collect(), false) {
        import.wrong(FILE, Some(line), "du", format!("ce contrat recouvre celui {other} du même enfant à la même activité"));
    }
    import.finish(FILE, stage).await
}

fn known(m: &contract::Model, id: Uuid) -> KnownContract {
    KnownContract { own: Owned { organisation: m.organisation_id, id }, from: m.valid_from, to: m.valid_to }
}

fn positive(f: &mut Fields<'_>, column: &str, most: i64) -> String {
    let value = f.decimal(column, 2, most);
    if value.is_zero() && !f.raw(column).is_empty() && f.good() {
        f.wrong(column, "attendu plus de zéro");
    }
    value.normalize().to_string()
}

fn adaptation(f: &mut Fields<'_>, from: NaiveDate, to: NaiveDate) -> Option<NaiveDate> {
    let until = f.opt_date("adaptation_jusqu_au")?;
    if !(from..=to).contains(&until) {
        f.wrong("adaptation_jusqu_au", format!("attendu une date du contrat, du {from} au {to}"));
    }
    Some(until)
}

/// The hours that a contract reserves.
pub async fn slots(import: &mut Import<'_>) -> Result<()> {
    const FILE: &str = "contrats_plages.csv";
    import.show(FILE);
    let Some(table) = import.folder.take(FILE) else { return Ok(()) };
    let mut stage = import.stage_of_organisations::<contract_slot::Model>().await?;
    let mut ranks: HashMap<(Uuid, String, i32), i32> = HashMap::new();
    for row in &table.rows {
        let mut f = Fields::new(&table, row, &mut import.report);
        let contract = f.lookup("contrat", &import.known.contracts);
        let week = f.opt_one_of("semaine", &WEEKS).unwrap_or_else(|| "toutes".into());
        let day = f.one_of("jour", &WEEKDAYS);
        let weekday = WEEKDAYS.iter().position(|d| *d == day).and_then(|d| i32::try_from(d).ok()).unwrap_or_default();
        let starts_minute = f.time("debut");
        let ends_minute = f.opt_time_after("fin", Some(starts_minute)).unwrap_or_default();
        if f.raw("fin").is_empty() {
            f.wrong("fin", "case obligatoire, vide");
        }
        let Some(contract) = contract else { continue };
        let rank = ranks.entry((contract.own.id, week.clone(), weekday)).or_insert(0);
        let model = contract_slot::Model {
            organisation_id: contract.own.organisation,
            id: Uuid::nil(),
            contract_id: contract.own.id,
            week,
            weekday,
            rank: *rank,
            starts_minute,
            ends_minute,
        };
        *rank += 1;
        stage.put(&mut f, "debut", model)?;
    }
    let mut slots: Vec<(&contract_slot::Model, Option<u64>)> = stage.rows().collect();
    slots.sort_by_key(|(m, _)| (m.contract_id, m.weekday, m.starts_minute, m.ends_minute));
    let mut clashes = Vec::new();
    for (at, (m, line)) in slots.iter().enumerate() {
        let same_day = slots[..at].iter().rev().take_while(|(o, _)| (o.contract_id, o.weekday) == (m.contract_id, m.weekday));
        let same_week = |o: &contract_slot::Model| o.week == m.week || o.week == "toutes" || m.week == "toutes";
        if let Some((_, other)) = same_day.clone().find(|(o, _)| same_week(o) && o.ends_minute > m.starts_minute) {
            clashes.extend(line.or(*other));
        }
    }
    clashes.sort_unstable();
    for line in clashes {
        import.wrong(FILE, Some(line), "debut", "cette plage en recouvre une autre du même contrat et du même jour");
    }
    import.finish(FILE, stage).await
}

/// Leave that a family declared.
pub async fn leave(import: &mut Import<'_>) -> Result<()> {
    const FILE: &str = "conges.csv";
    import.show(FILE);
    let Some(table) = import.folder.take(FILE) else { return Ok(()) };
    let mut stage = import.stage_of_organisations::<contract_leave::Model>().await?;
    for row in &table.rows {
        let mut f = Fields::new(&table, row, &mut import.report);
        let contract = f.lookup("contrat", &import.known.contracts);
        let first_day = f.date("du");
        let last_day = f.end("au", first_day);
        let declared_on = f.date("declare_le");
        let Some(contract) = contract else { continue };
        if f.good() && (last_day < contract.from || first_day > contract.to) {
            f.wrong("du", format!("attendu des jours du contrat, du {} au {}", contract.from, contract.to));
        }
        let model = contract_leave::Model {
            organisation_id: contract.own.organisation,
            id: Uuid::nil(),
            contract_id: contract.own.id,
            first_day,
            last_day,
            declared_on,
        };
        stage.put(&mut f, "du", model)?;
    }
    let period =
        |(m, line): (&contract_leave::Model, Option<u64>)| Period { of: m.contract_id, from: m.first_day, to: Some(m.last_day), line };
    for (line, other) in overlaps(stage.rows().map(period).collect(), false) {
        import.wrong(FILE, Some(line), "du", format!("ces congés recouvrent ceux {other} du même contrat"));
    }
    import.finish(FILE, stage).await
}
