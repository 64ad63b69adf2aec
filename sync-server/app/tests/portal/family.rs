//! A family that security.md 1 is about: a mother, a separated parent with a home of their own, a barred parent who still stands in the
//! mother's household, one who only pays, another family of another organisation with the same codes and numbers, and an agent.

use crate::identity::browser::{Browser, House, PASSWORD, open};
use crate::place::Fresh;
use crate::world::{Commune, day};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, ModelTrait, QueryFilter};
use server::attendance::server_device::{ServerDevice, ServerKeys};
use server::attendance::{desk, sign};
use server::billing::issue::{Order, issue};
use server::identity::Role;
use server::identity::audit::Act;
use server::store::entity::{
    booking, booking_event, centre, child, child_right, commune, household, household_address, invoice, issued_document, organisation,
    person, pickup_person, regie, situation, tariff,
};
use server::store::{Territory, insert_all, new_id};
use shared::calendar::instant;
use shared::id::PersonId;
use shared::journal::{Channel, Detail, Evidence, Kind, LeftTo, Moment, Payload};
use std::collections::BTreeMap;
use uuid::Uuid;

pub const TARIFF: &str = "code = \"soir\"\nlibelle = \"Accueil du soir\"\nvalable_du = 2026-09-01\nmethode = \"tranches_qf\"\nunite = \"demi_heure\"\nfacture = \"le_plus_grand\"\n[[tranches]]\nqf_min = 0\nqf_max = 500\nprix = \"0.40\"\n[[tranches]]\nqf_min = 501\nprix = \"0.60\"\n";

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    Mother,
    Father,
    Barred,
    Payer,
    Third,
    Agent,
    Nobody,
}

pub const EVERYBODY: [Who; 7] = [Who::Mother, Who::Father, Who::Barred, Who::Payer, Who::Third, Who::Agent, Who::Nobody];

/// What is theirs: never in the bytes that somebody else's page is made of.
pub const TIMES: [&str; 3] = ["16:37", "17:52", "11:41"];
pub const PLACE: &str = "Le Tilleul";
pub const MOTHER_CONTACT: [&str; 3] = ["0611111111", "claire@exemple.fr", "3 rue du Secret"];
pub const FATHER_CONTACT: [&str; 4] = ["0622222222", "karim@exemple.fr", "9 allée du Silence", "1547, depuis"];
pub const THIRD_CONTACT: [&str; 2] = ["0612345678", "samira@exemple.fr"];
pub const MOTHER_QF: [&str; 2] = ["8231, depuis", "de 8231 ("];
pub const MOTHER_TOTAL: &str = "2,52";
/// Both shares: an adult of the household who sees its bills sees the whole.
pub const HOUSEHOLD_TOTAL: &str = "3,60";
pub const PAYER_TOTAL: &str = "1,08";
pub const INJECTED: &str = "<img src=x onerror=alert(1)>";

/// The house with its bills.
pub struct Family {
    pub house: House,
    pub b: Commune,
    pub persons: BTreeMap<Who, PersonId>,
    pub mothers_bill: Uuid,
    pub payers_bill: Uuid,
    pub thirds_bill: Uuid,
}

pub async fn put<M>(house: &House, row: M)
where
    M: ModelTrait + IntoActiveModel<<M::Entity as EntityTrait>::ActiveModel>,
    <M::Entity as EntityTrait>::ActiveModel: Send,
{
    let transaction = house.app.db.begin().await.unwrap();
    insert_all(&transaction, vec![row]).await.unwrap();
    transaction.commit().await.unwrap();
}

fn id(house: &House) -> Uuid {
    new_id(house.app.clock.now()).unwrap()
}

pub async fn family(fresh: &Fresh) -> Family {
    let house = open(fresh).await;
    let (a, b) = (house.a, other_commune(&house).await);
    for commune in [&a, &b] {
        priced(&house, commune).await;
    }
    let persons = persons(&house).await;
    for evening in ["2026-09-07", "2026-09-08"] {
        touch(&house, &a, &format!("{evening} 16:37"), Some("17:52")).await;
        touch(&house, &b, &format!("{evening} 16:30"), Some("17:10")).await;
        for organisation in ["A", "B"] {
            let by =
                desk::Args { centre: "PERI".into(), date: day(evening), by: "Mme Roche".into(), organisation: Some(organisation.into()) };
            desk::act_on(&house.app, &by, "attendance sign", sign::decide).await.unwrap();
        }
    }
    touch(&house, &a, "2026-10-05 11:41", None).await;
    book(&house, &a, "2026-10-06").await;
    for commune in [&a, &b] {
        let order = Order { month: "2026-09".parse().unwrap(), regie: None, exercise: None, by: "essai" };
        let issued = issue(&house.app, commune.organisation, &order, Act::command("billing issue")).await.unwrap();
        assert!(issued.invoices > 0);
    }
    let mothers_bill = bill_of(&house, &a, persons[&Who::Mother]).await;
    let payers_bill = bill_of(&house, &a, persons[&Who::Payer]).await;
    let thirds_bill = bill_of(&house, &b, persons[&Who::Third]).await;
    for bill in [mothers_bill, payers_bill] {
        document(&house, &a, bill).await;
    }
    Family { house, b, persons, mothers_bill, payers_bill, thirds_bill }
}

async fn other_commune(house: &House) -> Commune {
    let territory = house.reading();
    let of_code = territory.find::<organisation::Entity>().filter(organisation::Column::Code.eq("B"));
    let organisation = shared::id::OrganisationId(of_code.one(&territory.on()).await.unwrap().unwrap().id);
    let tenant = territory.tenant(organisation);
    let centre = tenant.centres().await.unwrap().remove(0);
    let activity = tenant.find::<server::store::entity::activity::Entity>().one(&tenant.on()).await.unwrap().unwrap();
    let child = territory.find::<child::Entity>().filter(child::Column::Code.eq("E-B")).one(&territory.on()).await.unwrap().unwrap();
    Commune {
        organisation,
        site: shared::id::SiteId(centre.site_id),
        centre: shared::id::CentreId(centre.id),
        activity: shared::id::ActivityId(activity.id),
        child: shared::id::ChildId(child.id),
    }
}

/// A tariff and a régie, of the same codes in each organisation.
async fn priced(house: &House, here: &Commune) {
    let (territoire_id, organisation_id) = (house.app.territoire().0, here.organisation.0);
    let row = tariff::Model {
        organisation_id,
        id: id(house),
        territoire_id,
        code: "soir".into(),
        label: "Accueil du soir".into(),
        method: "tranches_qf".into(),
        valid_from: day("2026-09-01"),
        valid_to: None,
        version: 1,
        source_text: TARIFF.into(),
        source_hash: Vec::new(),
        file_name: "soir.toml".into(),
        created_at_ms: 0,
        replaced_at_ms: None,
    };
    put(house, row).await;
    let regie = regie::Model {
        organisation_id,
        id: id(house),
        territoire_id,
        code: "R1".into(),
        name: "Régie Enfance".into(),
        mode: "regie".into(),
        numcli: Some("090001".into()),
        term: "echu".into(),
        means: None,
        cash_ceiling_cents: None,
        budget_code: None,
        collectivite_code: None,
        post_id: None,
    };
    put(house, regie).await;
}

async fn persons(house: &House) -> BTreeMap<Who, PersonId> {
    rename(house).await;
    let mother = house.mother().await;
    let territory = house.reading();
    let row = territory.find::<person::Entity>().filter(person::Column::Id.eq(mother.0)).one(&territory.on()).await.unwrap().unwrap();
    let third = territory.find::<person::Entity>().filter(person::Column::Code.eq("R-B")).one(&territory.on()).await.unwrap().unwrap();
    let (home, territoire_id) = (row.household_id, house.app.territoire().0);
    let other_home = id(house);
    let of_home = territory.find::<household::Entity>().filter(household::Column::Id.eq(home)).one(&territory.on()).await.unwrap().unwrap();
    put(house, household::Model { id: other_home, code: "F-A2".into(), name: "Benali".into(), ..of_home }).await;
    put(
        house,
        commune::Model { territoire_id, id: id(house), code_insee: "27701".into(), name: "Val-de-Reuil".into(), postal_codes: None },
    )
    .await;
    for (household_id, address, quotient) in [(home, "3 rue du Secret", 8231), (other_home, "9 allée du Silence", 1547)] {
        let at = household_address::Model {
            territoire_id,
            id: id(house),
            household_id,
            valid_from: None,
            address: Some(address.into()),
            postal_code: Some("27100".into()),
            commune_insee: "27701".into(),
        };
        put(house, at).await;
        let proof = situation::Model {
            territoire_id,
            id: id(house),
            household_id,
            organisation_id: None,
            valid_from: day("2026-01-01"),
            valid_to: None,
            family_quotient: Some(quotient),
            monthly_resources_cents: None,
            dependent_children: None,
            aeeh_children: None,
            source: Some("CAF".into()),
        };
        put(house, proof).await;
    }
    let adult = |code: &str, first: &str, last: &str, household_id: Uuid, is_payer: bool, phone: &str, email: &str| person::Model {
        id: id(house),
        household_id,
        code: code.into(),
        first_name: first.into(),
        last_name: last.into(),
        is_payer,
        share_bp: is_payer.then_some(3000),
        phone: Some(phone.into()),
        email: Some(email.into()),
        ..row.clone()
    };
    let father = adult("R-A2", "Karim", "Benali", other_home, false, "0622222222", "karim@exemple.fr");
    let barred = adult("R-A3", "Marc", "Martin", home, false, "0633333333", "marc@exemple.fr");
    let payer = adult("R-A4", "Odette", "Martin", home, true, "0644444444", "odette@exemple.fr");
    for adult in [&father, &barred, &payer] {
        put(house, adult.clone()).await;
    }
    let all = [
        (Who::Mother, mother.0, "claire@exemple.fr"),
        (Who::Father, father.id, "karim@exemple.fr"),
        (Who::Barred, barred.id, "marc@exemple.fr"),
        (Who::Payer, payer.id, "odette@exemple.fr"),
        (Who::Third, third.id, "samira@exemple.fr"),
    ];
    for (who, person, login) in all {
        right(house, who, person).await;
        house.add(login, Some(PersonId(person)), None).await;
    }
    house.add("agent@exemple.fr", None, Some((house.a.organisation, Role::Agent, None))).await;
    put(house, barring(house, barred.id)).await;
    all.into_iter().map(|(who, person, _)| (who, PersonId(person))).collect()
}

/// Names that make the two communes' pages apart, and one that a browser or a spreadsheet would act on.
async fn rename(house: &House) {
    let transaction = house.app.db.begin().await.unwrap();
    let territory = Territory::new(house.app.territoire(), &transaction);
    let tenant = territory.tenant(house.a.organisation);
    let place = tenant.update::<centre::Entity>().col_expr(centre::Column::Name, Expr::value(PLACE));
    place.exec(&transaction).await.unwrap();
    let name = territory.update::<child::Entity>().col_expr(child::Column::LastName, Expr::value(INJECTED));
    name.filter(child::Column::Code.eq("E-A")).exec(&transaction).await.unwrap();
    let mother = territory.update::<person::Entity>().filter(person::Column::Code.eq("R-A"));
    let mother =
        mother.col_expr(person::Column::FirstName, Expr::value("Claire")).col_expr(person::Column::Phone, Expr::value("0611111111"));
    let mother =
        mother.col_expr(person::Column::Email, Expr::value("claire@exemple.fr")).col_expr(person::Column::ShareBp, Expr::value(7000));
    mother.exec(&transaction).await.unwrap();
    transaction.commit().await.unwrap();
}

async fn right(house: &House, who: Who, person_id: Uuid) {
    let child = if who == Who::Third { other_commune(house).await.child } else { house.a.child };
    let only_pays = who == Who::Payer;
    let row = child_right::Model {
        territoire_id: house.app.territoire().0,
        id: id(house),
        child_id: child.0,
        person_id,
        link: None,
        parental_authority: if only_pays { "non" } else { "oui" }.into(),
        may_take: !only_pays,
        sees_presence: !only_pays,
        sees_bills: !only_pays,
        may_book: !only_pays,
        valid_from: None,
        valid_to: None,
        by_default: false,
    };
    put(house, row).await;
}

fn barring(house: &House, person: Uuid) -> pickup_person::Model {
    pickup_person::Model {
        territoire_id: house.app.territoire().0,
        id: id(house),
        child_id: house.a.child.0,
        code: None,
        last_name: "Martin".into(),
        first_name: "Marc".into(),
        link: None,
        phone: None,
        birth_date: None,
        status: "interdite".into(),
        nature: Some("decision_justice".into()),
        person_id: Some(person),
        weekdays: None,
        from_minute: None,
        id_document: None,
        valid_from: None,
        valid_to: None,
        call_order: None,
        photo_hash: None,
        rank: 0,
    }
}

/// An arrival at "2026-09-07 16:37", and the departure of that day where there is one.
pub async fn touch(house: &House, here: &Commune, at: &str, left: Option<&str>) {
    let (date, arrived) = at.split_once(' ').unwrap();
    let app = &house.app;
    let keys = ServerKeys::open(&app.data_dir).unwrap();
    let (now, transaction) = (app.clock.now(), app.db.begin().await.unwrap());
    let territory = Territory::new(app.territoire(), &transaction);
    let mut pen = ServerDevice::open(&territory, &keys, here.site, now).await.unwrap();
    let payload = |time: &str, detail: Detail| Payload {
        about_child: Some(here.child),
        centre: Some(here.centre),
        happened_at_ms: instant(day(date), format!("{time}:00").parse().unwrap()).timestamp_millis(),
        moment: Moment { activity: Some(here.activity), label: "Accueil du soir".into() },
        channel: Channel::Import,
        evidence: Evidence::Paper,
        detail,
        ..ServerDevice::payload(now)
    };
    pen.seal(here.organisation, Kind::Arrived, payload(arrived, Detail::None), &[], now).unwrap();
    if let Some(left) = left {
        pen.seal(here.organisation, Kind::Left, payload(left, Detail::Left { to: LeftTo::Other, person: None }), &[], now).unwrap();
    }
    pen.append(&territory, now).await.unwrap();
    transaction.commit().await.unwrap();
}

pub async fn book(house: &House, here: &Commune, date: &str) {
    let (booking_id, organisation_id) = (id(house), here.organisation.0);
    let row = booking::Model {
        organisation_id,
        id: booking_id,
        territoire_id: house.app.territoire().0,
        child_id: here.child.0,
        activity_id: here.activity.0,
        day: day(date),
        household_id: None,
    };
    put(house, row).await;
    for (number, kind) in [(1, "requested"), (2, "accepted")] {
        let event = booking_event::Model {
            organisation_id,
            booking_id,
            number,
            kind: kind.into(),
            at_ms: 0,
            starts_minute: Some(990),
            ends_minute: Some(1050),
            actor: "import".into(),
            on_behalf_of: None,
            capacity: "agent".into(),
            authority_ref: None,
            channel: "import".into(),
            deadline_rule: None,
        };
        put(house, event).await;
    }
}

async fn bill_of(house: &House, here: &Commune, person: PersonId) -> Uuid {
    let tenant = house.reading().tenant(here.organisation);
    let of_payer = tenant.find::<invoice::Entity>().filter(invoice::Column::PayerId.eq(person.0));
    of_payer.one(&tenant.on()).await.unwrap().unwrap().id
}

async fn document(house: &House, here: &Commune, invoice_id: Uuid) {
    let (organisation_id, pdf) = (here.organisation.0, b"%PDF-1.7 16:37".to_vec());
    put(house, issued_document::Model { organisation_id, invoice_id, made_at_ms: 0, sha256: Vec::new(), pdf, printed_at_ms: None }).await;
}

impl Family {
    /// A browser of somebody who is logged in, and a page of theirs that holds a form.
    pub async fn browser(&self, who: Who) -> (Browser, &'static str) {
        let browser = self.house.browser();
        let (login, page) = match who {
            Who::Mother => ("claire@exemple.fr", "/famille/compte"),
            Who::Father => ("karim@exemple.fr", "/famille/compte"),
            Who::Barred => ("marc@exemple.fr", "/famille/compte"),
            Who::Payer => ("odette@exemple.fr", "/famille/compte"),
            Who::Third => ("samira@exemple.fr", "/famille/compte"),
            Who::Agent => ("agent@exemple.fr", "/activation"),
            Who::Nobody => return (browser, "/connexion"),
        };
        assert_eq!(browser.log_in(login, PASSWORD).await.status, 303, "{who:?}");
        (browser, page)
    }
}
