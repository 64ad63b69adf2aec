//! The office, route by route, from its own table: each act leaves its line, each right opens what the table says, and nothing of
//! another organisation is ever told.

mod apart;
mod door_code;
mod lines;
mod pages;
mod team;
mod walls;

use crate::identity::browser::{Browser, House, NOON, Page, open_app};
use crate::place::Fresh;
use crate::world::apart::set_apart;
use crate::world::{Commune, day};
use documents::worker::Worker;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use server::attendance::server_device::{ServerDevice, ServerKeys};
use server::billing::issue::{Order, issue};
use server::clock::Clock;
use server::identity::account::{self, by_id};
use server::identity::audit::Act;
use server::identity::session::{self, Use};
use server::identity::{Role, roles};
use server::office::Entry;
use server::store::entity::{
    account as accounts, alert, billing_decision, billing_run, child, device, household, invoice, journal_entry, payment, person,
    quarantine, question, receipt, regie, site, staff, tariff,
};
use server::store::{Territory, insert_all, new_id};
use server::sync::alerts::{self, Call};
use server::sync::epoch::NEW_EPOCH;
use server::{app::App, jobs};
use shared::calendar::instant;
use shared::id::{AccountId, CentreId};
use shared::journal::{Channel, Detail, Evidence, Kind, LeftTo, Moment, Payload};
use std::sync::Arc;
use uuid::Uuid;

pub const MONDAY: &str = "2026-09-28";
pub const TUESDAY: &str = "2026-09-29";
/// Stands in for the engine of documents, which takes minutes to build: answers any request with the shortest of PDFs.
const ENGINE: &str = r#"while n=$(od -An -N8 -tu8 | tr -d ' ') && [ -n "$n" ]; do
head -c "$n" >/dev/null
printf '\046\0\0\0\0\0\0\0{"Rendered":{"pages":1,"warnings":[]}}\005\0\0\0\0\0\0\0%%PDF-'
done"#;

/// Two communes with the same codes, an evening each on a Monday and a Tuesday that nobody signed, a tariff, a régie, a tablet.
pub async fn open(fresh: &Fresh) -> House {
    let (clock, documents) = (Clock::manual(NOON.parse().unwrap()), Arc::new(Worker::new("/bin/sh", ["-c", ENGINE])));
    let house = open_app(App { clock, documents, ..fresh.app.clone() }, |_| String::new()).await;
    for commune in [house.a, house.b] {
        furnish(&house.app, &commune).await;
    }
    name_family(&house.app, "A", ("Quetzal", "Xochitl")).await;
    house
}

async fn furnish(app: &App, commune: &Commune) {
    for date in [MONDAY, TUESDAY] {
        evening(app, commune, date).await;
    }
    let (now, transaction) = (app.clock.now(), app.db.begin().await.unwrap());
    let territory = Territory::new(app.territoire(), &transaction);
    let on = territory.on();
    let (territoire_id, organisation_id) = (app.territoire().0, commune.organisation.0);
    let source = "code = \"soir\"\nlibelle = \"Accueil du soir\"\nvalable_du = 2025-09-01\nmethode = \"forfait\"\nunite = \"acte\"\nprix = \"3.50\"\n";
    let row = tariff::Model {
        organisation_id,
        id: new_id(now).unwrap(),
        territoire_id,
        code: "soir".into(),
        label: "Accueil du soir".into(),
        method: "forfait".into(),
        valid_from: day("2025-09-01"),
        valid_to: None,
        version: 1,
        source_text: source.into(),
        source_hash: vec![0; 32],
        file_name: "soir.toml".into(),
        created_at_ms: 0,
        replaced_at_ms: None,
    };
    insert_all(&on, vec![row]).await.unwrap();
    let row = regie::Model {
        organisation_id,
        id: new_id(now).unwrap(),
        territoire_id,
        code: "R1".into(),
        name: "Régie Enfance".into(),
        mode: "regie".into(),
        numcli: None,
        term: "echu".into(),
        means: None,
        cash_ceiling_cents: None,
        budget_code: None,
        collectivite_code: None,
        post_id: None,
    };
    insert_all(&on, vec![row]).await.unwrap();
    let id = new_id(now).unwrap();
    let row = device::Model {
        territoire_id,
        id,
        site_id: commune.site.0,
        kind: "tablet".into(),
        name: "Tablette de l’entrée".into(),
        public_key: [id.as_bytes().as_slice(), id.as_bytes().as_slice()].concat(),
        epoch: 1,
        enrolled_at_ms: 0,
        last_contact_ms: None,
        last_status: None,
        revoked_at_ms: None,
        succeeds: None,
    };
    insert_all(&on, vec![row]).await.unwrap();
    let row = staff::Model {
        organisation_id,
        id: new_id(now).unwrap(),
        territoire_id,
        centre_id: commune.centre.0,
        code: "P001".into(),
        last_name: "Roche".into(),
        first_name: "Nadia".into(),
        role: "equipe".into(),
        qualification: None,
        counts_in_ratio: true,
        pin_hash: None,
        pin_set_at_ms: None,
    };
    insert_all(&on, vec![row]).await.unwrap();
    let here = territory.find::<site::Entity>().filter(site::Column::Id.eq(commune.site.0)).one(&on).await.unwrap().unwrap();
    let annexe = site::Model { id: new_id(now).unwrap(), code: format!("{}-2", here.code), name: "Annexe".into(), ..here };
    insert_all(&on, vec![annexe]).await.unwrap();
    transaction.commit().await.unwrap();
    set_apart(app, commune, "Tablette perdue", &[MONDAY, TUESDAY]).await;
    let transaction = app.db.begin().await.unwrap();
    let call = Call::of(commune.site, Some(id), NEW_EPOCH);
    alerts::call(&Territory::new(app.territoire(), &transaction), call, now).await.unwrap();
    transaction.commit().await.unwrap();
}

/// An evening of the commune's child, sealed at its site's server.
async fn evening(app: &App, commune: &Commune, date: &str) {
    let keys = ServerKeys::open(&app.data_dir).unwrap();
    let (now, transaction) = (app.clock.now(), app.db.begin().await.unwrap());
    let territory = Territory::new(app.territoire(), &transaction);
    let mut pen = ServerDevice::open(&territory, &keys, commune.site, now).await.unwrap();
    let fact = |time: &str, detail| Payload {
        about_child: Some(commune.child),
        centre: Some(commune.centre),
        happened_at_ms: instant(day(date), time.parse().unwrap()).timestamp_millis(),
        moment: Moment { activity: Some(commune.activity), label: "Accueil du soir".into() },
        channel: Channel::Import,
        evidence: Evidence::Paper,
        detail,
        ..ServerDevice::payload(now)
    };
    pen.seal(commune.organisation, Kind::Arrived, fact("16:30:00", Detail::None), &[], now).unwrap();
    let left = Detail::Left { to: LeftTo::Other, person: None };
    pen.seal(commune.organisation, Kind::Left, fact("17:45:00", left), &[], now).unwrap();
    pen.append(&territory, now).await.unwrap();
    transaction.commit().await.unwrap();
}

/// Names that are nobody else's, on paper: found in another organisation's page, they tell that a wall is down.
async fn name_family(app: &App, code: &str, (last, first): (&str, &str)) {
    let transaction = app.db.begin().await.unwrap();
    let territory = Territory::new(app.territoire(), &transaction);
    let on = territory.on();
    let home = territory.update::<household::Entity>().col_expr(household::Column::Name, Expr::value(last));
    home.filter(household::Column::Code.eq(format!("F-{code}"))).exec(&on).await.unwrap();
    let named = territory.update::<child::Entity>().col_expr(child::Column::FirstName, Expr::value(first));
    let named = named.col_expr(child::Column::LastName, Expr::value(last));
    named.filter(child::Column::Code.eq(format!("E-{code}"))).exec(&on).await.unwrap();
    let paid = territory.update::<person::Entity>().col_expr(person::Column::LastName, Expr::value(last));
    let paid = paid.col_expr(person::Column::Channel, Expr::value("papier"));
    paid.filter(person::Column::Code.eq(format!("R-{code}"))).exec(&on).await.unwrap();
    transaction.commit().await.unwrap();
}

/// Issues September as a colleague would have: every commune gets the same numbers.
pub async fn issued(house: &House, commune: &Commune) {
    let (now, transaction) = (house.app.clock.now(), house.app.db.begin().await.unwrap());
    let territory = Territory::new(house.app.territoire(), &transaction);
    let decision = billing_decision::Model {
        organisation_id: commune.organisation.0,
        id: new_id(now).unwrap(),
        month: "2026-09".into(),
        problem: "journee_non_signee|PERI|||".into(),
        decision: "emettre_quand_meme".into(),
        reason: None,
        decided_by: "console".into(),
        decided_at_ms: now.timestamp_millis(),
    };
    insert_all(&territory.on(), vec![decision]).await.unwrap();
    transaction.commit().await.unwrap();
    let order = Order { month: "2026-09".parse().unwrap(), regie: None, exercise: None, by: "console" };
    let done = issue(&house.app, commune.organisation, &order, Act::command("billing issue")).await.unwrap();
    assert_eq!(done.invoices, 1);
    documents_and_question(house, commune).await;
}

/// The documents of what was issued, and a question of the family about it.
pub async fn documents_and_question(house: &House, commune: &Commune) {
    while jobs::run_due(&house.app).await.unwrap() != jobs::Turn::default() {}
    let asking = house.add(&format!("famille-{}@exemple.fr", commune.organisation), None, None).await;
    let (now, transaction) = (house.app.clock.now(), house.app.db.begin().await.unwrap());
    let territory = Territory::new(house.app.territoire(), &transaction);
    let tenant = territory.tenant(commune.organisation);
    let bill = tenant.find::<invoice::Entity>().one(&tenant.on()).await.unwrap().unwrap();
    let row = question::Model {
        organisation_id: commune.organisation.0,
        id: new_id(now).unwrap(),
        territoire_id: house.app.territoire().0,
        invoice_id: bill.id,
        line_number: 1,
        day: Some(day(MONDAY)),
        account_id: asking.0,
        text: "Nous n’étions pas là ce jour.".into(),
        asked_at_ms: now.timestamp_millis(),
        answer: None,
        answered_by: None,
        answered_at_ms: None,
    };
    insert_all(&territory.on(), vec![row]).await.unwrap();
    insert_all(&territory.on(), vec![to_check(&bill, now)]).await.unwrap();
    transaction.commit().await.unwrap();
}

/// A payment that PayFiP's answer couldn't prove.
fn to_check(bill: &invoice::Model, now: shared::calendar::Instant) -> payment::Model {
    payment::Model {
        organisation_id: bill.organisation_id,
        id: new_id(now).unwrap(),
        territoire_id: bill.territoire_id,
        regie_id: bill.regie_id,
        invoice_id: bill.id,
        payer_id: bill.payer_id,
        account_id: None,
        means: "payfip".into(),
        amount_cents: bill.total_cents,
        numcli: "090909".into(),
        exer: "2026".into(),
        refdet: bill.payment_reference.clone(),
        saisie: "W".into(),
        idop: Some(bill.id.to_string()),
        state: "a_verifier".into(),
        outcome: Some("X".into()),
        detail: None,
        created_at_ms: now.timestamp_millis(),
        asked_at_ms: None,
        next_ask_ms: None,
        settled_at_ms: None,
    }
}

/// Somebody at the desk of an organisation, past the second factor.
pub async fn at_desk(house: &House, login: &str, commune: &Commune, roles: &[(Role, Option<CentreId>)]) -> (Browser, AccountId) {
    let id = house.add(login, None, None).await;
    let transaction = house.app.db.begin().await.unwrap();
    let territory = Territory::new(house.app.territoire(), &transaction);
    for role in roles {
        account::give_role(&territory, id, commune.organisation, *role, day("2026-09-01")).await.unwrap();
    }
    let row: accounts::Model = by_id(&territory, id).await.unwrap().unwrap();
    let token = session::open(&territory, &row, Use::Desk, true, house.app.clock.now()).await.unwrap();
    transaction.commit().await.unwrap();
    let browser = house.browser();
    browser.plant("preau", &token);
    (browser, id)
}

/// Every role at once.
pub fn all_roles() -> Vec<(Role, Option<CentreId>)> {
    use roles::Role::{Administrateur, Agent, Controle, Direction, Emetteur, Equipe, Finances, Regisseur};
    [Equipe, Direction, Agent, Finances, Emetteur, Regisseur, Controle, Administrateur].into_iter().map(|role| (role, None)).collect()
}

/// What the table's paths and forms name, of one commune.
#[derive(Debug, Clone)]
pub struct Ids {
    pub household: Uuid,
    pub person: Uuid,
    pub site: Uuid,
    pub annexe: Uuid,
    /// An entry that waits for a decision, and a call that nobody has seen.
    pub apart: Option<Uuid>,
    pub alert: Option<Uuid>,
    pub device: Uuid,
    pub staff: Uuid,
    pub arrived: Uuid,
    pub left: Uuid,
    pub run: Option<Uuid>,
    pub bill: Option<Uuid>,
    pub question: Option<Uuid>,
    pub receipt: Option<Uuid>,
    pub payment: Option<Uuid>,
    /// `A` or `B`.
    pub code: &'static str,
}

pub async fn ids(house: &House, code: &'static str) -> Ids {
    let territory = house.reading();
    let commune = if code == "A" { house.a } else { house.b };
    let (on, tenant) = (territory.on(), territory.tenant(commune.organisation));
    let home = territory.find::<household::Entity>().filter(household::Column::Code.eq(format!("F-{code}")));
    let adult = territory.find::<person::Entity>().filter(person::Column::Code.eq(format!("R-{code}")));
    let place = territory.find::<site::Entity>().filter(site::Column::Code.eq(format!("S-{code}")));
    let tablet = territory.find::<device::Entity>().filter(device::Column::SiteId.eq(commune.site.0));
    let tablet = tablet.filter(device::Column::Kind.eq("tablet")).filter(device::Column::Name.ne("Tablette perdue"));
    let annexe = territory.find::<site::Entity>().filter(site::Column::Code.eq(format!("S-{code}-2")));
    let apart = territory.find::<quarantine::Entity>().filter(quarantine::Column::OrganisationId.eq(commune.organisation.0));
    let apart = apart.filter(quarantine::Column::Decision.is_null());
    let alert = alerts::open(&territory).filter(alert::Column::SiteId.eq(commune.site.0));
    let entries = tenant.find::<journal_entry::Entity>().order_by_asc(journal_entry::Column::Seq).all(&on).await.unwrap();
    Ids {
        household: home.one(&on).await.unwrap().unwrap().id,
        person: adult.one(&on).await.unwrap().unwrap().id,
        annexe: annexe.one(&on).await.unwrap().unwrap().id,
        apart: apart.one(&on).await.unwrap().map(|row| row.id),
        alert: alert.one(&on).await.unwrap().map(|row| row.id),
        site: place.one(&on).await.unwrap().unwrap().id,
        staff: tenant.find::<staff::Entity>().one(&on).await.unwrap().unwrap().id,
        device: tablet.one(&on).await.unwrap().unwrap().id,
        arrived: entries[0].entry_id,
        left: entries[1].entry_id,
        run: tenant.find::<billing_run::Entity>().one(&on).await.unwrap().map(|row| row.id),
        bill: tenant.find::<invoice::Entity>().one(&on).await.unwrap().map(|row| row.id),
        receipt: tenant.find::<receipt::Entity>().one(&on).await.unwrap().map(|row| row.id),
        payment: tenant.find::<payment::Entity>().one(&on).await.unwrap().map(|row| row.id),
        question: tenant.find::<question::Entity>().one(&on).await.unwrap().map(|row| row.id),
        code,
    }
}

/// The address of a route at an organisation's desk with the ids of a commune, what its form sends, and whether any of it names a
/// thing by an id. A route that the test doesn't know how to call stops it.
pub fn call(entry: &Entry, desk: &str, ids: &Ids) -> (String, Vec<(&'static str, String)>, bool) {
    let id = |id: Option<Uuid>| id.unwrap_or_default().to_string();
    let code = |kind: &str| format!("{kind}-{}", ids.code);
    let values = [
        ("{household}", if entry.path().contains("{regie}") { code("F") } else { ids.household.to_string() }),
        ("{person}", ids.person.to_string()),
        ("{payer}", code("R")),
        ("{receipt}", id(ids.receipt)),
        ("{run}", id(ids.run)),
        ("{bill}", id(ids.bill)),
        ("{question}", id(ids.question)),
        ("{payment}", id(ids.payment)),
        ("{device}", ids.device.to_string()),
        ("{staff}", ids.staff.to_string()),
        ("{apart}", id(ids.apart)),
        ("{alert}", id(ids.alert)),
    ];
    let mut path = entry.path().replace("{organisation}", desk).replace("{centre}", "PERI");
    path = path.replace("{month}", "2026-09").replace("{regie}", "R1");
    let mut names = values.iter().any(|(name, _)| path.contains(name));
    for (name, value) in &values {
        path = path.replace(name, value);
    }
    assert!(!path.contains('{'), "teach this test to call {}", entry.name);
    let mut fields: Vec<(&str, String)> = Vec::new();
    let last = path.rsplit('/').next().unwrap().to_owned();
    if entry.method() == "POST" {
        names |= matches!(last.as_str(), "correction" | "retrait" | "presence" | "codes" | "veille");
        fields = match last.as_str() {
            "signature" => vec![("date", MONDAY.into())],
            "correction" => field(&[("pointage", &ids.arrived.to_string()), ("heure", "16:35"), ("motif", "montre arrêtée")]),
            "retrait" => field(&[("pointage", &ids.left.to_string()), ("motif", "autre enfant")]),
            "presence" => field(&[("enfant", &code("E")), ("depart", "17:50"), ("motif", "vu par l’équipe")]),
            "encaissement" => [
                ("jeton", Uuid::from_u128(7).to_string()),
                ("moyen", "cheque".into()),
                ("montant", "0,10".into()),
                ("jour", "2026-10-05".into()),
            ]
            .into(),
            "remise" => [
                ("jeton", Uuid::from_u128(8).to_string()),
                ("genre", "non_valeur".into()),
                ("montant", "0,10".into()),
                ("motif", "2026-7".into()),
            ]
            .into(),
            "annulation" => vec![("motif", "mauvais payeur".into())],
            "code" => vec![("code", "471108".into())],
            "codes" => vec![("site", ids.site.to_string())],
            "veille" => vec![("site", ids.site.to_string()), ("heure", "09:30".into())],
            "nom" => vec![("nom", "Tablette du hall".into())],
            "site" => vec![("site", ids.annexe.to_string())],
            _ if entry.path().contains("a-decider") => {
                vec![("decision", "ecarte".into()), ("motif", "personne ne le reconnaît".into()), ("jusqua", i64::MAX.to_string())]
            }
            _ if entry.path().contains("liste-de-secours") => vec![("date", "2026-10-05".into())],
            "decisions" => vec![("probleme", "journee_non_signee|PERI|||".into()), ("decision", "emettre_quand_meme".into())],
            _ if entry.path().contains("paiements") => vec![("decision", "rien".into()), ("motif", "Relevé du 3 octobre".into())],
            _ if entry.path().contains("questions") => vec![("reponse", "C’est corrigé.".into())],
            _ => Vec::new(),
        };
    }
    (path, fields, names)
}

fn field(of_day: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    let mut fields = vec![("date", MONDAY.to_owned())];
    fields.extend(of_day.iter().map(|(name, value)| (*name, (*value).to_owned())));
    fields
}

/// Calls a route as a browser would: a form repeats the token of `desk`'s frame.
pub async fn send(browser: &Browser, csrf: &str, entry: &Entry, path: &str, fields: &[(&'static str, String)]) -> Page {
    if entry.method() == "GET" {
        return browser.get(path).await;
    }
    let mut typed: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    typed.push(("csrf", csrf));
    browser.post_raw(path, &typed, &[("sec-fetch-site", "same-origin")]).await
}

/// The token of somebody's session, from the first page that their role opens.
pub async fn csrf(browser: &Browser, desk: &str) -> String {
    let mut page = browser.get(&format!("/bureau/{desk}")).await;
    if page.status == 303 {
        page = browser.get(&page.to).await;
    }
    page.csrf()
}
