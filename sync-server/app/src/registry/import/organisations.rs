//! `organisations.csv`, `regies.csv`, `communes.csv`.

use super::context::{Import, Owned};
use super::fields::Fields;
use super::stage::imported;
use crate::Result;
use crate::store::entity::{commune, organisation, regie};
use crate::store::{insert_all, new_id};
use uuid::Uuid;

const KINDS: [&str; 6] = ["epci", "commune", "syndicat", "ccas", "caisse_ecoles", "association"];
const MODES: [&str; 3] = ["regie", "titre", "ormc"];
const TERMS: [&str; 3] = ["echu", "avance", "porte_monnaie"];
const REGIE_CODE_CHARS_MAX: usize = 19;

imported! { organisation: String = |m| m.code.clone() }
imported! { regie: (Uuid, String) = |m| (m.organisation_id, m.code.clone()) }
imported! { commune: String = |m| m.code_insee.clone() }

/// Who the tenants are; without the file and without any in the database, one: `O1`.
pub async fn organisations(import: &mut Import<'_>) -> Result<()> {
    const FILE: &str = "organisations.csv";
    import.show(FILE);
    let mut stage = import.stage::<organisation::Model>().await?;
    for (model, _) in stage.rows() {
        import.known.organisations.stored(&model.code, model.id);
    }
    if let Some(table) = import.folder.take(FILE) {
        for row in &table.rows {
            let mut f = Fields::new(&table, row, &mut import.report);
            let model = organisation::Model {
                territoire_id: import.territory.id().0,
                id: Uuid::nil(),
                code: f.code("code"),
                name: f.text("nom"),
                kind: f.one_of("type", &KINDS),
                siret: f.opt_digits("siret", 14),
                commune_insee: f.opt_insee("commune_insee"),
                court: f.opt_text("tribunal"),
                issuer_name: f.opt_text("ordonnateur_nom"),
                issuer_capacity: f.opt_text("ordonnateur_qualite"),
            };
            let id = stage.put(&mut f, "code", model)?;
            import.known.organisations.give(&mut f, "code", id);
        }
        import.finish(FILE, stage).await?;
    } else if stage.rows().next().is_none() {
        let only = organisation::Model {
            territoire_id: import.territory.id().0,
            id: new_id(import.now)?,
            code: "O1".into(),
            name: "Collectivité".into(),
            kind: "epci".into(),
            siret: None,
            commune_insee: None,
            court: None,
            issuer_name: None,
            issuer_capacity: None,
        };
        import.known.organisations.stored(&only.code, only.id);
        insert_all(&import.territory.on(), vec![only]).await?;
    }
    choose(import).await
}

/// Which organisations' rows may be touched: all, or the one that was named.
async fn choose(import: &mut Import<'_>) -> Result<()> {
    import.organisations = import.territory.organisations().await?;
    if let Some(code) = import.chosen.clone() {
        import.organisations.retain(|o| o.code == code);
        if import.organisations.is_empty() && import.report.is_empty() {
            import.wrong("organisations.csv", None, "code", format!("--organisation {code} : aucune collectivité de ce code"));
        }
    }
    Ok(())
}

/// Who collects; an organisation without any gets `R1`.
pub async fn regies(import: &mut Import<'_>) -> Result<()> {
    const FILE: &str = "regies.csv";
    import.show(FILE);
    let mut stage = import.stage_of_organisations::<regie::Model>().await?;
    for (model, _) in stage.rows() {
        import.known.regies.stored(&model.code, Owned { organisation: model.organisation_id, id: model.id });
    }
    for (model, _) in stage.rows() {
        import.regies.entry(model.organisation_id).or_default().push(model.id);
    }
    if let Some(table) = import.folder.take(FILE) {
        for row in &table.rows {
            let mut f = Fields::new(&table, row, &mut import.report);
            let model = regie::Model {
                organisation_id: f.id("organisation", &import.known.organisations),
                id: Uuid::nil(),
                territoire_id: import.territory.id().0,
                code: regie_code(&mut f),
                name: f.text("nom"),
                mode: f.one_of("mode", &MODES),
                numcli: f.opt_digits("numcli", 6),
                term: f.opt_one_of("terme", &TERMS).unwrap_or_else(|| "echu".into()),
                means: f.opt_text("moyens"),
                cash_ceiling_cents: f.opt_cents("plafond_encaisse"),
                budget_code: f.opt_text("code_budget"),
                collectivite_code: f.opt_text("code_collectivite"),
                post_id: f.opt_text("id_poste"),
            };
            let organisation = model.organisation_id;
            let id = stage.put(&mut f, "code", model)?;
            let of_organisation = import.regies.entry(organisation).or_default();
            if f.good() && !of_organisation.contains(&id) {
                of_organisation.push(id);
            }
            import.known.regies.give(&mut f, "code", Owned { organisation, id });
        }
        import.finish(FILE, stage).await?;
    }
    let without: Vec<Uuid> = import.organisations.iter().map(|o| o.id).filter(|id| !import.regies.contains_key(id)).collect();
    for organisation in without {
        let only = default_regie(import, organisation)?;
        import.known.regies.stored(&only.code, Owned { organisation, id: only.id });
        import.regies.insert(organisation, vec![only.id]);
        if import.report.is_empty() {
            insert_all(&import.territory.on(), vec![only]).await?;
        }
    }
    Ok(())
}

/// Heads PayFiP's reference of a bill, which takes 30 letters and digits: `F`, a year and six digits follow it.
fn regie_code(f: &mut Fields<'_>) -> String {
    let code = f.code("code");
    if code.len() > REGIE_CODE_CHARS_MAX || !code.bytes().all(|b| b.is_ascii_alphanumeric()) {
        f.wrong(
            "code",
            format!("attendu {REGIE_CODE_CHARS_MAX} lettres sans accent et chiffres au plus : ce code entre dans la référence PayFiP"),
        );
    }
    code
}

fn default_regie(import: &Import<'_>, organisation: Uuid) -> Result<regie::Model> {
    Ok(regie::Model {
        organisation_id: organisation,
        id: new_id(import.now)?,
        territoire_id: import.territory.id().0,
        code: "R1".into(),
        name: "Régie de recettes".into(),
        mode: "regie".into(),
        numcli: None,
        term: "echu".into(),
        means: None,
        cash_ceiling_cents: None,
        budget_code: None,
        collectivite_code: None,
        post_id: None,
    })
}

/// The communes of the territory: who lives in one of them is a resident.
pub async fn communes(import: &mut Import<'_>) -> Result<()> {
    const FILE: &str = "communes.csv";
    import.show(FILE);
    let Some(table) = import.folder.take(FILE) else { return Ok(()) };
    let mut stage = import.stage::<commune::Model>().await?;
    for row in &table.rows {
        let mut f = Fields::new(&table, row, &mut import.report);
        let model = commune::Model {
            territoire_id: import.territory.id().0,
            id: Uuid::nil(),
            code_insee: f.insee("code_insee"),
            name: f.text("nom"),
            postal_codes: f.opt_text("codes_postaux"),
        };
        stage.put(&mut f, "code_insee", model)?;
    }
    import.finish(FILE, stage).await
}
