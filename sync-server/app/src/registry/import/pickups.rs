//! `personnes.csv`: who may take a child, and who must never.

use super::context::Import;
use super::fields::Fields;
use super::households::phone;
use super::stage::imported;
use crate::Result;
use crate::store::entity::{child_right, pickup_person};
use chrono::NaiveDate;
use shared::name::folded;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

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
    const FILE: &str = "personnes.csv";
    import.show(FILE);
    let Some(table) = import.folder.take(FILE) else { return Ok(()) };
    let territory = import.territory;
    let rights = territory.find::<child_right::Entity>().all(&territory.on()).await?;
    let guardians: HashSet<(Uuid, Uuid)> =
        rights.iter().filter(|r| r.parental_authority == "oui").map(|r| (r.child_id, r.person_id)).collect();
    let mut stage = import.stage::<pickup_person::Model>().await?;
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
    import.finish(FILE, stage).await
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
