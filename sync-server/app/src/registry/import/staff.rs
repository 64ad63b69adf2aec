//! `personnel.csv`, `badges.csv`.

use super::context::{Import, Owned};
use super::fields::Fields;
use super::stage::imported;
use crate::Result;
use crate::store::entity::{badge, staff};
use uuid::Uuid;

const ROLES: [&str; 2] = ["equipe", "direction"];
const HOLDERS: [&str; 3] = ["foyer", "responsable", "personnel"];
/// A card's number is of 4 to 10 bytes (ISO 14443).
const UID_BYTES: std::ops::RangeInclusive<usize> = 4..=10;

imported! { staff: (Uuid, String) = |m| (m.organisation_id, m.code.clone()), keep |m, before| {
    m.pin_hash.clone_from(&before.pin_hash);
    m.pin_set_at_ms = before.pin_set_at_ms;
} }
imported! { badge: String = |m| m.uid.clone(), keep |m, before| m.revoked_at_ms = before.revoked_at_ms }

/// Who works in the lieux.
pub async fn staff(import: &mut Import<'_>) -> Result<()> {
    const FILE: &str = "personnel.csv";
    import.show(FILE);
    let mut stage = import.stage_of_organisations::<staff::Model>().await?;
    for (model, _) in stage.rows() {
        import.known.staff.stored(&model.code, Owned { organisation: model.organisation_id, id: model.id });
    }
    let Some(table) = import.folder.take(FILE) else { return Ok(()) };
    for row in &table.rows {
        let mut f = Fields::new(&table, row, &mut import.report);
        let centre = f.lookup("lieu", &import.known.centres).map_or(Owned { organisation: Uuid::nil(), id: Uuid::nil() }, |c| c.own);
        let role = f.one_of("role", &ROLES);
        let model = staff::Model {
            organisation_id: centre.organisation,
            id: Uuid::nil(),
            territoire_id: import.territory.id().0,
            centre_id: centre.id,
            code: f.code("code"),
            last_name: f.text("nom"),
            first_name: f.text("prenom"),
            qualification: f.opt_text("qualification"),
            // A director is counted among the adults with the children only where the file says so.
            counts_in_ratio: f.opt_yes("compte_encadrement").unwrap_or(role == "equipe"),
            role,
            pin_hash: None,
            pin_set_at_ms: None,
        };
        let id = stage.put(&mut f, "code", model)?;
        import.known.staff.give(&mut f, "code", Owned { organisation: centre.organisation, id });
    }
    import.finish(FILE, stage).await
}

/// Cards, and who holds them.
pub async fn badges(import: &mut Import<'_>) -> Result<()> {
    const FILE: &str = "badges.csv";
    import.show(FILE);
    let Some(table) = import.folder.take(FILE) else { return Ok(()) };
    let mut stage = import.stage::<badge::Model>().await?;
    for row in &table.rows {
        let mut f = Fields::new(&table, row, &mut import.report);
        let kind = f.one_of("type", &HOLDERS);
        let mut model = badge::Model {
            territoire_id: import.territory.id().0,
            id: Uuid::nil(),
            uid: uid(&mut f),
            household_id: None,
            person_id: None,
            organisation_id: None,
            staff_id: None,
            revoked_at_ms: None,
            kind,
        };
        match model.kind.as_str() {
            "foyer" => model.household_id = f.lookup("porteur", &import.known.households),
            "responsable" => model.person_id = f.lookup("porteur", &import.known.persons),
            "personnel" => {
                let holder = f.lookup("porteur", &import.known.staff);
                model.organisation_id = holder.map(|h| h.organisation);
                model.staff_id = holder.map(|h| h.id);
            }
            _ => {}
        }
        stage.put(&mut f, "uid", model)?;
    }
    import.finish(FILE, stage).await
}

/// Upper-case hexadecimal, as readers give it; colons and spaces between bytes are dropped.
fn uid(f: &mut Fields<'_>) -> String {
    let written = f.text("uid");
    let bare: String = written.chars().filter(|c| !c.is_whitespace() && *c != ':').collect::<String>().to_uppercase();
    let sound = bare.len().is_multiple_of(2) && UID_BYTES.contains(&(bare.len() / 2)) && bare.bytes().all(|b| b.is_ascii_hexdigit());
    if !sound && !written.is_empty() {
        f.wrong("uid", "attendu le numéro de la carte en hexadécimal, de 8 à 20 chiffres (04A1B2C3D4E5F6)");
    }
    bare
}
