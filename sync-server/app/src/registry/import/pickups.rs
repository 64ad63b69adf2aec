//! `personnes.csv`: who may take a child, and who must never.

use super::context::Import;
use super::fields::Fields;
use super::households::phone;
use super::stage::{Stage, imported};
use crate::Result;
use crate::registry::homonym;
use crate::store::entity::{child_right, person, pickup_person};
use chrono::NaiveDate;
use shared::name::folded;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

const FILE: &str = "personnes.csv";
const STATUSES: [&str; 3] = ["autorisee", "interdite", "restreinte"];
const NATURES: [&str; 2] = ["decision_justice", "demande_parent"];
const ORDER_MAX: i32 = 99;

/// Of one child: a code, else a name; from a day; and which of several rows of the same (one for Mondays, one for
/// Tuesdays). A row that changes its days or its status replaces itself: an old permission never stays beside it.
type Who = (Uuid, String, Option<NaiveDate>, i32);

imported! { pickup_person: Who = |m| (m.child_id, who(m), m.valid_from, m.rank), keep |m, before| m.photo_hash.clone_from(&before.photo_hash) }

fn who(m: &pickup_person::Model) -> String {
    m.code.clone().unwrap_or_else(|| format!("\u{0}{}", folded(&format!("{} {}", m.first_name, m.last_name))))
}

/// Authorised, restricted and barred persons.
pub async fn pickups(import: &mut Import<'_>) -> Result<()> {
    import.show(FILE);
    let territory = import.territory;
    let rights = territory.find::<child_right::Entity>().all(&territory.on()).await?;
    let mut stage = import.stage::<pickup_person::Model>().await?;
    let Some(table) = import.folder.take(FILE) else {
        // A guardian who comes with this folder may be the person whom an earlier one barred.
        return unnamed_barrings(import, &stage, &rights).await;
    };
    let guardians: HashSet<(Uuid, Uuid)> =
        rights.iter().filter(|r| r.parental_authority == "oui").map(|r| (r.child_id, r.person_id)).collect();
    let mut ranks: HashMap<(Uuid, String, Option<NaiveDate>), i32> = HashMap::new();
    for row in &table.rows {
        let mut f = Fields::new(&table, row, &mut import.report);
        let valid_from = f.opt_date("du");
        let mut model = pickup_person::Model {
            territoire_id: territory.id().0,
            id: Uuid::nil(),
            child_id: f.id("enfant", &import.known.children),
            code: f.opt_code("code"),
            last_name: f.text("nom"),
            first_name: f.text("prenom"),
            link: f.opt_text("lien"),
            phone: phone(&mut f),
            birth_date: f.opt_date("naissance"),
            status: f.one_of("statut", &STATUSES),
            nature: f.opt_one_of("nature", &NATURES),
            person_id: f.opt_lookup("responsable", &import.known.persons),
            weekdays: f.opt_weekdays("jours"),
            from_minute: f.opt_time("heure_min"),
            id_document: f.opt_text("piece_identite"),
            valid_from,
            valid_to: f.opt_end("au", valid_from.unwrap_or(NaiveDate::MIN)),
            call_order: f.opt_integer("ordre_appel", 0..=ORDER_MAX),
            photo_hash: None,
            rank: 0,
        };
        check_barring(&mut f, &model, &guardians);
        let rank = ranks.entry((model.child_id, who(&model), valid_from)).or_insert(0);
        model.rank = *rank;
        *rank += 1;
        stage.put(&mut f, "nom", model)?;
    }
    unnamed_barrings(import, &stage, &rights).await?;
    import.finish(FILE, stage).await
}

/// Barred persons named as a guardian of the child is, without being said to be that guardian: the tablet would bar one and
/// let the other take the child.
async fn unnamed_barrings(import: &mut Import<'_>, stage: &Stage<pickup_person::Model>, rights: &[child_right::Model]) -> Result<()> {
    let barred: Vec<_> = stage.rows().filter(|(m, _)| m.status == "interdite" && m.person_id.is_none()).collect();
    if barred.is_empty() {
        return Ok(());
    }
    let territory = import.territory;
    let persons = territory.find::<person::Entity>().all(&territory.on()).await?;
    let persons: HashMap<Uuid, &person::Model> = persons.iter().map(|p| (p.id, p)).collect();
    let mut found: Vec<(Option<u64>, String)> = Vec::new();
    for (row, line) in barred {
        let of_child = rights.iter().filter(|r| r.child_id == row.child_id).filter_map(|r| persons.get(&r.person_id));
        let Some(guardian) = of_child.filter(|p| homonym::is_guardian(row, p)).min_by_key(|p| &p.code) else { continue };
        let place = match import.known.persons.line(&guardian.code) {
            Some(line) => format!("responsables.csv, ligne {line}"),
            None => "responsables.csv, déjà enregistré".to_owned(),
        };
        // Which of two children is told by the line; a row of an earlier folder has none.
        let said = if line.is_some() { "" } else { " (ligne d'un import précédent)" };
        found.push((
            line,
            format!(
                "{} {}{said} est interdite, et un responsable du même enfant a ce nom : {} ({place}). Si c'est lui, attendu {} ici ; si c'est \
                 quelqu'un d'autre, attendu la naissance de l'un et de l'autre",
                row.first_name, row.last_name, guardian.code, guardian.code
            ),
        ));
    }
    found.sort();
    for (line, expected) in found {
        import.wrong(FILE, line, "responsable", expected);
    }
    Ok(())
}

/// A guardian who has parental authority is barred by a court only: one parent's word against the other is no ground.
fn check_barring(f: &mut Fields<'_>, model: &pickup_person::Model, guardians: &HashSet<(Uuid, Uuid)>) {
    if model.status != "interdite" {
        return;
    }
    let guardian = model.person_id.is_some_and(|person| guardians.contains(&(model.child_id, person)));
    if guardian && model.nature.as_deref() != Some("decision_justice") {
        f.wrong("nature", "ce responsable a l'autorité parentale : seule une decision_justice peut l'écarter");
    }
    if model.weekdays.is_some() || model.from_minute.is_some() {
        f.wrong("statut", "une personne interdite l'est tous les jours et à toute heure : attendu restreinte, ou ni jours ni heure_min");
    }
}
