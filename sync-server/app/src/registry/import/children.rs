//! `enfants.csv`, `affectations.csv`, `scolarites.csv`.

use super::context::{Import, Owned};
use super::elsewhere::{Watch, What, same_child};
use super::fields::Fields;
use super::stage::{Stage, imported};
use crate::Result;
use crate::store::entity::{child, class_assignment, group_assignment};
use chrono::{Days, Months, NaiveDate};
use shared::name::folded;
use uuid::Uuid;

/// A place may be asked for before birth.
const BEFORE_BIRTH_DAYS_MAX: u64 = 300;
const CHILD_YEARS_MAX: u32 = 21;
const ALL_WEEK: i32 = 0b111_1111;

imported! { child: String = |m| m.code.clone(), keep |m, before| {
    // A consent that was withdrawn takes the picture with it.
    m.photo_hash = before.photo_hash.clone().filter(|_| m.photo_consent_on.is_some());
    m.image_rights_on = before.image_rights_on;
} }
imported! { group_assignment: (Uuid, Option<Uuid>, Option<NaiveDate>) = |m| match m.valid_from {
    // The one group of enfants.csv, without a date, is replaced when the file names another.
    None => (m.child_id, None, None),
    Some(from) => (m.child_id, Some(m.group_id), Some(from)),
} }
imported! { class_assignment: (Uuid, Uuid, NaiveDate) = |m| (m.child_id, m.class_id, m.valid_from) }

/// Children.
pub async fn children(import: &mut Import<'_>) -> Result<()> {
    const FILE: &str = "enfants.csv";
    import.show(FILE);
    let mut stage = import.stage::<child::Model>().await?;
    for (model, _) in stage.rows() {
        import.known.children.stored(&model.code, model.id);
    }
    let Some(table) = import.folder.take(FILE) else { return Ok(()) };
    let mut watch = Watch::over(import, What::Child, &stage, |m| &m.code);
    let mut groups = import.stage_of_organisations::<group_assignment::Model>().await?;
    for row in &table.rows {
        let mut f = Fields::new(&table, row, &mut import.report);
        let model = child(&mut f, import.territory.id().0, &import.known.households, import.today);
        let group = f.opt_lookup("groupe", &import.known.groups);
        watch.look(&f, |before| before.id, |before| same_child(before, &model));
        let id = stage.put(&mut f, "code", model)?;
        import.named_children.insert(id);
        import.known.children.give(&mut f, "code", id);
        if let Some(group) = group.filter(|_| f.good()) {
            groups.put(&mut f, "groupe", assignment(import.territory.id().0, id, group, None, None))?;
        }
    }
    watch.tell(import, FILE).await?;
    import.finish(FILE, stage).await?;
    import.finish_beside(FILE, groups).await?;
    Ok(())
}

fn child(f: &mut Fields<'_>, territoire_id: Uuid, households: &super::codes::Codes<Uuid>, today: NaiveDate) -> child::Model {
    let (last_name, first_name) = (f.text("nom"), f.text("prenom"));
    let birth_date = f.date("naissance");
    let oldest = today.checked_sub_months(Months::new(12 * CHILD_YEARS_MAX)).unwrap_or(today);
    let youngest = today.checked_add_days(Days::new(BEFORE_BIRTH_DAYS_MAX)).unwrap_or(today);
    if f.good() && !(oldest..=youngest).contains(&birth_date) {
        f.wrong("naissance", format!("attendu la naissance d'un enfant, entre le {oldest} et le {youngest}"));
    }
    let walks_since = f.opt_date("marche_depuis");
    if walks_since.is_some_and(|d| d < birth_date) {
        f.wrong("marche_depuis", "attendu une date après la naissance");
    }
    let leaves_alone_minute = f.opt_time("part_seul_des");
    let days = f.opt_weekdays("part_seul_jours");
    if days.is_some() && leaves_alone_minute.is_none() && f.raw("part_seul_des").is_empty() {
        f.wrong("part_seul_jours", "des jours sans heure : attendu aussi part_seul_des");
    }
    child::Model {
        territoire_id,
        id: Uuid::nil(),
        household_id: f.id("foyer", households),
        code: f.code("code"),
        search_name: folded(&format!("{first_name} {last_name}")),
        last_name,
        first_name,
        birth_date,
        allergies: f.opt_text("allergies"),
        menu: f.opt_text("menu"),
        care_plan: f.opt_text("pai"),
        walks_since,
        leaves_alone_minute,
        // A time without days holds every day.
        leaves_alone_days: leaves_alone_minute.map(|_| days.unwrap_or(ALL_WEEK)),
        photo_consent_on: f.opt_date("photo_accord_le"),
        image_rights_on: None,
        photo_hash: None,
    }
}

fn assignment(
    territoire_id: Uuid,
    child_id: Uuid,
    group: Owned,
    valid_from: Option<NaiveDate>,
    valid_to: Option<NaiveDate>,
) -> group_assignment::Model {
    group_assignment::Model {
        organisation_id: group.organisation,
        id: Uuid::nil(),
        territoire_id,
        child_id,
        group_id: group.id,
        valid_from,
        valid_to,
    }
}

/// Groups, dated, any number at a time.
pub async fn group_assignments(import: &mut Import<'_>) -> Result<()> {
    const FILE: &str = "affectations.csv";
    import.show(FILE);
    let Some(table) = import.folder.take(FILE) else { return Ok(()) };
    let mut existing = Vec::new();
    for tenant in import.tenants() {
        let all = tenant.find::<group_assignment::Entity>().all(&tenant.on()).await?;
        existing.extend(all.into_iter().filter(|a| a.valid_from.is_some()));
    }
    let mut stage = Stage::new(existing, import.now);
    for row in &table.rows {
        let mut f = Fields::new(&table, row, &mut import.report);
        let child = f.id("enfant", &import.known.children);
        let group = f.lookup("groupe", &import.known.groups);
        let from = f.date("du");
        let to = f.opt_end("au", from);
        if let Some(group) = group {
            stage.put(&mut f, "du", assignment(import.territory.id().0, child, group, Some(from), to))?;
        }
    }
    import.finish(FILE, stage).await
}

/// Classes, dated.
pub async fn class_assignments(import: &mut Import<'_>) -> Result<()> {
    const FILE: &str = "scolarites.csv";
    import.show(FILE);
    let Some(table) = import.folder.take(FILE) else { return Ok(()) };
    let mut stage = import.stage::<class_assignment::Model>().await?;
    for row in &table.rows {
        let mut f = Fields::new(&table, row, &mut import.report);
        let valid_from = f.date("du");
        let model = class_assignment::Model {
            territoire_id: import.territory.id().0,
            id: Uuid::nil(),
            child_id: f.id("enfant", &import.known.children),
            class_id: f.id("classe", &import.known.classes),
            valid_from,
            valid_to: f.opt_end("au", valid_from),
        };
        stage.put(&mut f, "du", model)?;
    }
    import.finish(FILE, stage).await
}
