//! `rattachements.csv`, `gardes.csv`, `liens.csv`: which households a child has, and who has which rights over it.

use super::context::{Import, Period, overlaps};
use super::fields::Fields;
use super::source::Table;
use super::stage::{Stage, imported};
use crate::Result;
use crate::attendance::journal::IDS_A_QUERY_MAX;
use crate::store::entity::{child, child_right, custody, custody_exception, person};
use crate::store::{insert_all, new_id};
use chrono::NaiveDate;
use sea_orm::{ColumnTrait, QueryFilter};
use shared::calendar::Weekdays;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

const CUSTODY_KINDS: [&str; 4] = ["exclusive", "alternee", "droit_visite", "placement"];
const AUTHORITY: [&str; 3] = ["oui", "non", "retiree"];

imported! { custody: (Uuid, Uuid, Option<NaiveDate>) = |m| (m.child_id, m.household_id, m.valid_from) }
imported! { custody_exception: (Uuid, NaiveDate) = |m| (m.child_id, m.day) }
imported! { child_right: (Uuid, Uuid, Option<NaiveDate>) = |m| (m.child_id, m.person_id, m.valid_from) }

/// The households of a child that has several.
pub async fn custody(import: &mut Import<'_>) -> Result<()> {
    const FILE: &str = "rattachements.csv";
    import.show(FILE);
    let Some(table) = import.folder.take(FILE) else { return Ok(()) };
    let mut stage = import.stage::<custody::Model>().await?;
    for row in &table.rows {
        let mut f = Fields::new(&table, row, &mut import.report);
        let valid_from = f.opt_date("du");
        let calendar = calendar(&mut f);
        let model = custody::Model {
            territoire_id: import.territory.id().0,
            id: Uuid::nil(),
            child_id: f.id("enfant", &import.known.children),
            household_id: f.id("foyer", &import.known.households),
            valid_from,
            valid_to: f.opt_end("au", valid_from.unwrap_or(NaiveDate::MIN)),
            kind: f.opt_one_of("garde", &CUSTODY_KINDS).unwrap_or_else(|| "exclusive".into()),
            calendar,
            pivot: f.opt_date("pivot"),
        };
        import.named_children.insert(model.child_id);
        stage.put(&mut f, "du", model)?;
    }
    let period = |(m, line): (&custody::Model, Option<u64>)| Period {
        of: (m.child_id, m.household_id),
        from: m.valid_from.unwrap_or(NaiveDate::MIN),
        to: m.valid_to,
        line,
    };
    for (line, other) in overlaps(stage.rows().map(period).collect(), false) {
        import.wrong(FILE, Some(line), "du", format!("ce rattachement recouvre celui {other} du même enfant au même foyer"));
    }
    import.finish(FILE, stage).await
}

/// `semaines_paires`, `semaines_impaires`, `jours:lu,ma`, `dates`, `part:50`.
fn calendar(f: &mut Fields<'_>) -> Option<String> {
    let written = f.opt_text("calendrier")?;
    let lower = written.to_lowercase();
    let sound = match lower.split_once(':') {
        None => ["semaines_paires", "semaines_impaires", "dates"].contains(&lower.as_str()),
        Some(("jours", days)) => days.parse::<Weekdays>().is_ok_and(|d| !d.is_empty()),
        Some(("part", share)) => share.parse::<u32>().is_ok_and(|p| p <= 100),
        Some(_) => false,
    };
    if !sound {
        f.wrong("calendrier", "attendu semaines_paires, semaines_impaires, jours:lu,ma, dates ou part:50");
    }
    Some(lower)
}

/// Days on which the calendar doesn't hold.
pub async fn exceptions(import: &mut Import<'_>) -> Result<()> {
    const FILE: &str = "gardes.csv";
    import.show(FILE);
    let Some(table) = import.folder.take(FILE) else { return Ok(()) };
    let mut stage = import.stage::<custody_exception::Model>().await?;
    for row in &table.rows {
        let mut f = Fields::new(&table, row, &mut import.report);
        let model = custody_exception::Model {
            territoire_id: import.territory.id().0,
            id: Uuid::nil(),
            child_id: f.id("enfant", &import.known.children),
            day: f.date("date"),
            household_id: f.id("foyer", &import.known.households),
        };
        stage.put(&mut f, "date", model)?;
    }
    import.finish(FILE, stage).await
}

/// Who may what, for each child. Without the file, a household's adults have all rights: rows of their own, marked, that
/// the file replaces on the day it comes.
pub async fn rights(import: &mut Import<'_>) -> Result<()> {
    const FILE: &str = "liens.csv";
    import.show(FILE);
    let territory = import.territory;
    let Some(table) = import.folder.take(FILE) else { return by_default(import).await };
    let mut stage = written_rights(import, &table).await?;
    let mut children: HashSet<Uuid> = stage.rows().map(|(m, _)| m.child_id).collect();
    for row in &table.rows {
        let mut f = Fields::new(&table, row, &mut import.report);
        let valid_from = f.opt_date("du");
        let parental_authority = f.opt_one_of("autorite_parentale", &AUTHORITY).unwrap_or_else(|| "oui".into());
        // Whoever has parental authority has the rest unless the file says no; whoever hasn't has nothing unless it says yes.
        let otherwise = parental_authority == "oui";
        let model = child_right::Model {
            territoire_id: territory.id().0,
            id: Uuid::nil(),
            child_id: f.id("enfant", &import.known.children),
            person_id: f.id("responsable", &import.known.persons),
            link: f.opt_text("lien"),
            parental_authority,
            may_take: f.opt_yes("peut_prendre").unwrap_or(otherwise),
            sees_presence: f.opt_yes("voit_presence").unwrap_or(otherwise),
            sees_bills: f.opt_yes("voit_factures").unwrap_or(otherwise),
            may_book: f.opt_yes("reserve").unwrap_or(otherwise),
            valid_from,
            valid_to: f.opt_end("au", valid_from.unwrap_or(NaiveDate::MIN)),
            by_default: false,
        };
        children.insert(model.child_id);
        stage.put(&mut f, "responsable", model)?;
    }
    let periods = stage.rows().map(|(m, line)| Period {
        of: (m.child_id, m.person_id),
        from: m.valid_from.unwrap_or(NaiveDate::MIN),
        to: m.valid_to,
        line,
    });
    for (line, other) in overlaps(periods.collect(), false) {
        import.wrong(FILE, Some(line), "du", format!("ce lien recouvre celui {other} des mêmes personnes"));
    }
    import.finish(FILE, stage).await?;
    let all = territory.find::<child::Entity>().all(&territory.on()).await?;
    let without = all.iter().filter(|c| !children.contains(&c.id)).count();
    if without > 0 {
        import.folder.notices.push(format!("{FILE} : {without} enfant(s) sans lien : aucun responsable n'a de droit sur eux"));
    }
    Ok(())
}

/// The rights that stand beside the file. Those that nobody wrote down end where someone does: a former adult must not keep them.
/// Only of children that the folder names: what another organisation's children have is none of this file's business.
async fn written_rights(import: &mut Import<'_>, table: &Table) -> Result<Stage<child_right::Model>> {
    let territory = import.territory;
    let cells = table.rows.iter().map(|row| table.cell(row, "enfant"));
    import.named_children.extend(cells.filter_map(|code| import.known.children.find(code).ok().copied()));
    for ids in import.named_children.iter().copied().collect::<Vec<_>>().chunks(IDS_A_QUERY_MAX) {
        territory
            .delete::<child_right::Entity>()
            .filter(child_right::Column::ByDefault.eq(true))
            .filter(child_right::Column::ChildId.is_in(ids.iter().copied()))
            .exec(&territory.on())
            .await?;
    }
    import.stage::<child_right::Model>().await
}

async fn by_default(import: &mut Import<'_>) -> Result<()> {
    if !import.report.is_empty() {
        return Ok(());
    }
    let territory = import.territory;
    let on = territory.on();
    let rights = territory.find::<child_right::Entity>().all(&on).await?;
    let written: HashSet<Uuid> = rights.iter().filter(|r| !r.by_default).map(|r| r.child_id).collect();
    let there: HashSet<(Uuid, Uuid)> = rights.iter().map(|r| (r.child_id, r.person_id)).collect();
    let mut adults: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    for adult in territory.find::<person::Entity>().all(&on).await? {
        adults.entry(adult.household_id).or_default().push(adult.id);
    }
    let children = territory.find::<child::Entity>().all(&on).await?;
    let second_homes = territory.find::<custody::Entity>().all(&on).await?;
    let mut homes: Vec<(Uuid, Uuid)> = children.iter().map(|c| (c.id, c.household_id)).collect();
    homes.extend(second_homes.iter().map(|c| (c.child_id, c.household_id)));
    homes.sort_unstable();
    homes.dedup();
    let mut new = Vec::new();
    // As the file would: of children that the folder names, and of the homes of the adults that it brings.
    let brought: HashSet<Uuid> = import.known.persons.in_folder().copied().collect();
    let concerned = |child: &Uuid, home: &Uuid| {
        import.named_children.contains(child) || adults.get(home).into_iter().flatten().any(|adult| brought.contains(adult))
    };
    for (child_id, household) in homes.into_iter().filter(|(child, home)| !written.contains(child) && concerned(child, home)) {
        for &person_id in adults.get(&household).into_iter().flatten().filter(|p| !there.contains(&(child_id, **p))) {
            new.push(child_right::Model {
                territoire_id: territory.id().0,
                id: new_id(import.now)?,
                child_id,
                person_id,
                link: None,
                parental_authority: "oui".into(),
                may_take: true,
                sees_presence: true,
                sees_bills: true,
                may_book: true,
                valid_from: None,
                valid_to: None,
                by_default: true,
            });
        }
    }
    insert_all(&on, new).await
}
