//! A small agglomération for the tests: two organisations, a site each, a lieu each, a child each, the same codes.

pub mod apart;

use chrono::NaiveDate;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter};
use server::app::App;
use server::store::entity::{activity, centre, child, enrolment, household, organisation, person, site};
use server::store::{Territory, insert_all, new_id};
use shared::id::{ActivityId, CentreId, ChildId, OrganisationId, SiteId};
use uuid::Uuid;

/// One commune: a building, a lieu, an activity, a family.
#[derive(Debug, Clone, Copy)]
pub struct Commune {
    pub organisation: OrganisationId,
    pub site: SiteId,
    pub centre: CentreId,
    pub activity: ActivityId,
    pub child: ChildId,
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Adds a commune; `code` makes its codes apart from those of the others in the shared tables only.
pub async fn commune(app: &App, code: &str) -> Commune {
    let now = app.clock.now();
    let territoire_id = app.territoire().0;
    let id = || new_id(now).unwrap();
    let (organisation_id, site_id, centre_id, activity_id, child_id) = (id(), id(), id(), id(), id());
    let (household_id, person_id) = (id(), id());
    let transaction = app.db.begin().await.unwrap();
    let on = Territory::new(app.territoire(), &transaction).on();
    let organisation = organisation::Model {
        territoire_id,
        id: organisation_id,
        code: code.into(),
        name: format!("Commune {code}"),
        kind: "commune".into(),
        siret: None,
        commune_insee: None,
        court: None,
        issuer_name: None,
        issuer_capacity: None,
    };
    insert_all(&on, vec![organisation]).await.unwrap();
    let site = site::Model {
        territoire_id,
        id: site_id,
        organisation_id,
        code: format!("S-{code}"),
        name: format!("École {code}"),
        address: Some("1 rue des Lilas".into()),
        commune_insee: "27701".into(),
    };
    insert_all(&on, vec![site]).await.unwrap();
    insert_all(&on, vec![a_centre(territoire_id, organisation_id, site_id, centre_id)]).await.unwrap();
    insert_all(&on, vec![an_activity(territoire_id, organisation_id, centre_id, activity_id)]).await.unwrap();
    let household = household::Model {
        territoire_id,
        id: household_id,
        code: format!("F-{code}"),
        name: "Martin".into(),
        regime: None,
        allocataire_number: None,
        confidential: false,
    };
    insert_all(&on, vec![household]).await.unwrap();
    insert_all(&on, vec![a_guardian(territoire_id, household_id, person_id, code)]).await.unwrap();
    insert_all(&on, vec![a_child(territoire_id, household_id, child_id, code)]).await.unwrap();
    let enrolment = enrolment::Model {
        organisation_id,
        id: id(),
        territoire_id,
        child_id,
        activity_id,
        group_id: None,
        valid_from: day("2020-09-01"),
        valid_to: None,
    };
    insert_all(&on, vec![enrolment]).await.unwrap();
    transaction.commit().await.unwrap();
    Commune {
        organisation: OrganisationId(organisation_id),
        site: SiteId(site_id),
        centre: CentreId(centre_id),
        activity: ActivityId(activity_id),
        child: ChildId(child_id),
    }
}

/// A second building of a commune, with a lieu of its own that nobody is enrolled in.
pub async fn second_site(app: &App, of: &Commune) -> Commune {
    let territoire_id = app.territoire().0;
    let id = || new_id(app.clock.now()).unwrap();
    let (site_id, centre_id, activity_id) = (id(), id(), id());
    let transaction = app.db.begin().await.unwrap();
    let on = Territory::new(app.territoire(), &transaction).on();
    let site = site::Model {
        territoire_id,
        id: site_id,
        organisation_id: of.organisation.0,
        code: "S-2".into(),
        name: "Les Coccinelles".into(),
        address: None,
        commune_insee: "27701".into(),
    };
    insert_all(&on, vec![site]).await.unwrap();
    let centre = a_centre(territoire_id, of.organisation.0, site_id, centre_id);
    insert_all(&on, vec![centre::Model { code: "ALSH".into(), name: "Accueil de loisirs".into(), ..centre }]).await.unwrap();
    let activity = an_activity(territoire_id, of.organisation.0, centre_id, activity_id);
    insert_all(&on, vec![activity::Model { code: "MERC".into(), ..activity }]).await.unwrap();
    transaction.commit().await.unwrap();
    Commune { site: SiteId(site_id), centre: CentreId(centre_id), activity: ActivityId(activity_id), ..*of }
}

/// Moves a commune's lieu into another one's building: two organisations at one door.
pub async fn share_site(app: &App, guest: &Commune, host: &Commune) {
    let transaction = app.db.begin().await.unwrap();
    let tenant = Territory::new(app.territoire(), &transaction).tenant(guest.organisation);
    let to = tenant.update::<centre::Entity>().col_expr(centre::Column::SiteId, Expr::value(host.site.0));
    to.filter(centre::Column::Id.eq(guest.centre.0)).exec(&tenant.on()).await.unwrap();
    transaction.commit().await.unwrap();
}

fn a_centre(territoire_id: Uuid, organisation_id: Uuid, site_id: Uuid, id: Uuid) -> centre::Model {
    centre::Model {
        organisation_id,
        id,
        territoire_id,
        site_id,
        code: "PERI".into(),
        name: "Accueil périscolaire".into(),
        kind: "periscolaire".into(),
        commune_insee: "27701".into(),
        capacity: Some(40),
        opens_minute: Some(450),
        closes_minute: Some(1110),
        school_zone: Some("B".into()),
        declaration_number: None,
        staffing_rule: None,
    }
}

fn an_activity(territoire_id: Uuid, organisation_id: Uuid, centre_id: Uuid, id: Uuid) -> activity::Model {
    activity::Model {
        organisation_id,
        id,
        territoire_id,
        centre_id,
        code: "SOIR".into(),
        name: "Accueil du soir".into(),
        tariff_code: "soir".into(),
        starts_minute: Some(990),
        ends_minute: Some(1110),
        weekdays: 31,
        period: "toujours".into(),
        recording: "heures".into(),
        booking_rule: "facultative".into(),
        capacity: None,
        cancellation_deadline: None,
        regie_id: None,
        nature: None,
    }
}

fn a_guardian(territoire_id: Uuid, household_id: Uuid, id: Uuid, code: &str) -> person::Model {
    person::Model {
        territoire_id,
        id,
        household_id,
        code: format!("R-{code}"),
        civility: None,
        last_name: "Martin".into(),
        first_name: "Samira".into(),
        birth_name: None,
        birth_first_names: None,
        birth_date: None,
        sex: None,
        birth_commune_insee: None,
        birth_country_insee: None,
        email: Some("samira@exemple.fr".into()),
        phone: Some("0612345678".into()),
        channel: None,
        language: None,
        is_payer: true,
        share_bp: None,
        search_name: "samira martin".into(),
    }
}

fn a_child(territoire_id: Uuid, household_id: Uuid, id: Uuid, code: &str) -> child::Model {
    child::Model {
        territoire_id,
        id,
        household_id,
        code: format!("E-{code}"),
        last_name: "Martin".into(),
        first_name: "Zéphirine".into(),
        birth_date: day("2019-05-04"),
        allergies: Some("arachide".into()),
        menu: Some("A".into()),
        care_plan: None,
        walks_since: None,
        leaves_alone_minute: None,
        leaves_alone_days: None,
        photo_consent_on: None,
        image_rights_on: None,
        photo_hash: None,
        search_name: "zephirine martin".into(),
    }
}
