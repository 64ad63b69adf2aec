//! `sites.csv`, `lieux.csv`, `fermetures.csv`, `groupes.csv`, `ecoles.csv`, `classes.csv`.

use super::context::{Import, KnownCentre, Owned};
use super::elsewhere::{Watch, What, same_site};
use super::fields::Fields;
use super::source::Table;
use super::stage::{Stage, imported};
use crate::Result;
use crate::store::entity::{centre, centre_group, closure, school, school_class, site};
use chrono::NaiveDate;
use shared::calendar::Zone;
use std::collections::HashMap;
use uuid::Uuid;

const KINDS: [&str; 4] = ["eaje", "alsh", "periscolaire", "cantine"];
const STAFFING_RULES: [&str; 6] = ["eaje_6", "eaje_5_8", "alsh_extra", "alsh_peri", "alsh_peri_pedt", "aucun"];
const CLOSURE_REASONS: [&str; 4] = ["conges", "pont", "greve", "travaux"];
const CAPACITY_MAX: i32 = 5000;

imported! { site: String = |m| m.code.clone() }
imported! { centre: (Uuid, String) = |m| (m.organisation_id, m.code.clone()) }
imported! { closure: (Uuid, NaiveDate) = |m| (m.centre_id, m.first_day) }
imported! { centre_group: (Uuid, String) = |m| (m.organisation_id, m.code.clone()) }
imported! { school: String = |m| m.code.clone() }
imported! { school_class: String = |m| m.code.clone() }

/// Sites and lieux together: a site's owner is that of its first lieu, and a lieu without site is its own.
pub async fn sites_and_centres(import: &mut Import<'_>) -> Result<()> {
    import.show("sites.csv");
    let mut sites = import.stage::<site::Model>().await?;
    for (model, _) in sites.rows() {
        import.known.sites.stored(&model.code, model.id);
    }
    let owners: HashMap<String, Uuid> = sites.rows().map(|(m, _)| (m.code.clone(), m.organisation_id)).collect();
    let mut watch = Watch::over(import, What::Site, &sites, |m| &m.code);
    let lieux_watch = Watch::over(import, What::Site, &sites, |m| &m.code);
    let centres_table = import.folder.take("lieux.csv");
    let claimed = centres_table.as_ref().map(|table| owners_by_site(import, table)).unwrap_or_default();
    if let Some(table) = import.folder.take("sites.csv") {
        let fallback = import.default_organisation().or_else(|| import.organisations.first().map(|o| o.id)).unwrap_or_default();
        for row in &table.rows {
            let mut f = Fields::new(&table, row, &mut import.report);
            let code = f.code("code");
            let owner = owners.get(&code).or_else(|| claimed.get(&code)).copied().unwrap_or(fallback);
            let model = site::Model {
                territoire_id: import.territory.id().0,
                id: Uuid::nil(),
                organisation_id: owner,
                code,
                name: f.text("nom"),
                address: f.opt_text("adresse"),
                commune_insee: f.insee("commune_insee"),
            };
            watch.look(&f, |before| before.id, |before| same_site(before, &model.name, &model.commune_insee));
            let id = sites.put(&mut f, "code", model)?;
            import.known.sites.give(&mut f, "code", id);
        }
        watch.tell(import, "sites.csv").await?;
        import.finish("sites.csv", sites).await?;
        sites = import.stage::<site::Model>().await?;
    }
    centres(import, centres_table, sites, lieux_watch).await
}

/// Whose a site is: the organisation of the first lieu there.
fn owners_by_site(import: &Import<'_>, table: &Table) -> HashMap<String, Uuid> {
    let mut owners = HashMap::new();
    for row in &table.rows {
        let named = table.cell(row, "organisation");
        let owner = if named.is_empty() { import.default_organisation() } else { import.known.organisations.find(named).ok().copied() };
        let own = table.cell(row, "site");
        let code = if own.is_empty() { table.cell(row, "code") } else { own };
        if let Some(owner) = owner {
            owners.entry(code.to_owned()).or_insert(owner);
        }
    }
    owners
}

async fn centres(
    import: &mut Import<'_>,
    table: Option<Table>,
    mut sites: Stage<site::Model>,
    mut watch: Watch<site::Model>,
) -> Result<()> {
    const FILE: &str = "lieux.csv";
    import.show(FILE);
    let mut stage = import.stage_of_organisations::<centre::Model>().await?;
    for (model, _) in stage.rows() {
        let own = Owned { organisation: model.organisation_id, id: model.id };
        import.known.centres.stored(&model.code, KnownCentre { own, kind: model.kind.clone() });
    }
    let Some(table) = table else { return Ok(()) };
    let only = import.default_organisation();
    for row in &table.rows {
        let mut f = Fields::new(&table, row, &mut import.report);
        let organisation = match f.opt_lookup("organisation", &import.known.organisations).or(only) {
            Some(organisation) => organisation,
            None if f.raw("organisation").is_empty() => {
                f.wrong("organisation", "plusieurs collectivités : nommez celle de ce lieu, ou précisez --organisation");
                Uuid::nil()
            }
            None => Uuid::nil(),
        };
        let (code, name, commune_insee) = (f.code("code"), f.text("nom"), f.insee("commune_insee"));
        let own_site = import.known.sites.find(&code).ok().copied();
        let site_id = if !f.raw("site").is_empty() {
            f.id("site", &import.known.sites)
        } else if let Some(site) = own_site {
            watch.look(&f, |before| before.id, |before| same_site(before, &name, &commune_insee));
            site
        } else {
            let own = site::Model {
                territoire_id: import.territory.id().0,
                id: Uuid::nil(),
                organisation_id: organisation,
                code: code.clone(),
                name: name.clone(),
                address: None,
                commune_insee: commune_insee.clone(),
            };
            sites.put(&mut f, "code", own)?
        };
        let opens_minute = f.opt_time("ouverture");
        let model = centre::Model {
            organisation_id: organisation,
            id: Uuid::nil(),
            territoire_id: import.territory.id().0,
            site_id,
            code,
            name,
            kind: f.one_of("type", &KINDS),
            commune_insee,
            capacity: f.opt_integer("capacite", 0..=CAPACITY_MAX),
            opens_minute,
            closes_minute: f.opt_time_after("fermeture", opens_minute),
            school_zone: zone(&mut f),
            declaration_number: f.opt_text("numero_declaration"),
            staffing_rule: f.opt_one_of("encadrement", &STAFFING_RULES),
        };
        let kind = model.kind.clone();
        let id = stage.put(&mut f, "code", model)?;
        import.known.centres.give(&mut f, "code", KnownCentre { own: Owned { organisation, id }, kind });
    }
    watch.tell(import, FILE).await?;
    import.finish_beside(FILE, sites).await?;
    import.finish(FILE, stage).await
}

fn zone(f: &mut Fields<'_>) -> Option<String> {
    let written = f.raw("zone_scolaire");
    if written.is_empty() {
        return None;
    }
    if written.parse::<Zone>().is_err() {
        f.wrong("zone_scolaire", "attendu A, B ou C");
    }
    Some(written.to_uppercase())
}

/// Days on which a lieu is closed.
pub async fn closures(import: &mut Import<'_>) -> Result<()> {
    const FILE: &str = "fermetures.csv";
    import.show(FILE);
    let Some(table) = import.folder.take(FILE) else { return Ok(()) };
    let mut stage = import.stage_of_organisations::<closure::Model>().await?;
    for row in &table.rows {
        let mut f = Fields::new(&table, row, &mut import.report);
        let Some(centre) = f.lookup("lieu", &import.known.centres) else { continue };
        let first_day = f.date("du");
        let model = closure::Model {
            organisation_id: centre.own.organisation,
            id: Uuid::nil(),
            centre_id: centre.own.id,
            first_day,
            last_day: f.end("au", first_day),
            reason: f.opt_one_of("motif", &CLOSURE_REASONS),
        };
        stage.put(&mut f, "du", model)?;
    }
    import.finish(FILE, stage).await
}

/// Groups and sections.
pub async fn groups(import: &mut Import<'_>) -> Result<()> {
    const FILE: &str = "groupes.csv";
    import.show(FILE);
    let mut stage = import.stage_of_organisations::<centre_group::Model>().await?;
    for (model, _) in stage.rows() {
        import.known.groups.stored(&model.code, Owned { organisation: model.organisation_id, id: model.id });
    }
    let Some(table) = import.folder.take(FILE) else { return Ok(()) };
    for row in &table.rows {
        let mut f = Fields::new(&table, row, &mut import.report);
        let centre = f.lookup("lieu", &import.known.centres).map_or(Owned { organisation: Uuid::nil(), id: Uuid::nil() }, |c| c.own);
        let model = centre_group::Model {
            organisation_id: centre.organisation,
            id: Uuid::nil(),
            centre_id: centre.id,
            code: f.code("code"),
            name: f.text("nom"),
        };
        let id = stage.put(&mut f, "code", model)?;
        import.known.groups.give(&mut f, "code", Owned { organisation: centre.organisation, id });
    }
    import.finish(FILE, stage).await
}

/// Schools.
pub async fn schools(import: &mut Import<'_>) -> Result<()> {
    const FILE: &str = "ecoles.csv";
    import.show(FILE);
    let mut stage = import.stage::<school::Model>().await?;
    for (model, _) in stage.rows() {
        import.known.schools.stored(&model.code, model.id);
    }
    let Some(table) = import.folder.take(FILE) else { return Ok(()) };
    for row in &table.rows {
        let mut f = Fields::new(&table, row, &mut import.report);
        let model = school::Model {
            territoire_id: import.territory.id().0,
            id: Uuid::nil(),
            code: f.code("code"),
            name: f.text("nom"),
            uai: f.opt_text("uai"),
            commune_insee: f.insee("commune_insee"),
            site_id: f.opt_lookup("site", &import.known.sites),
        };
        let id = stage.put(&mut f, "code", model)?;
        import.known.schools.give(&mut f, "code", id);
    }
    import.finish(FILE, stage).await
}

/// Classes of a school year.
pub async fn classes(import: &mut Import<'_>) -> Result<()> {
    const FILE: &str = "classes.csv";
    import.show(FILE);
    let mut stage = import.stage::<school_class::Model>().await?;
    for (model, _) in stage.rows() {
        import.known.classes.stored(&model.code, model.id);
    }
    let Some(table) = import.folder.take(FILE) else { return Ok(()) };
    for row in &table.rows {
        let mut f = Fields::new(&table, row, &mut import.report);
        let model = school_class::Model {
            territoire_id: import.territory.id().0,
            id: Uuid::nil(),
            school_id: f.id("ecole", &import.known.schools),
            code: f.code("code"),
            school_year: school_year(&mut f),
            name: f.text("nom"),
            level: f.opt_text("niveau"),
        };
        let id = stage.put(&mut f, "code", model)?;
        import.known.classes.give(&mut f, "code", id);
    }
    import.finish(FILE, stage).await
}

/// `2026-2027`: two years that follow.
fn school_year(f: &mut Fields<'_>) -> String {
    let written = f.text("annee");
    let years: Vec<i32> = written.split('-').filter(|y| y.len() == 4).filter_map(|y| y.parse().ok()).collect();
    let follow = matches!(years[..], [first, second] if second == first + 1) && written.len() == 9;
    if !follow && !written.is_empty() {
        f.wrong("annee", "attendu deux années qui se suivent, par exemple 2026-2027");
    }
    written
}
