//! A house that listens, a sandbox beside it, one time for both, and a family with a browser.

use super::browser::Browser;
use crate::place::Fresh;
use crate::world::{Commune, commune, day};
use axum::routing::get;
use axum::{Router, middleware};
use axum_server::Handle;
use payfip_sandbox::{Config, Running, Scope};
use rules::ledger::of_bill;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use server::app::App;
use server::billing::issue::posting_rows;
use server::billing::issued;
use server::clock::Clock;
use server::identity::Guardian;
use server::identity::account::{self, LOCAL, New};
use server::identity::audit::Act;
use server::identity::browser::watch;
use server::identity::password::Password;
use server::payments::decide::{Decision, decide};
use server::payments::{Line, Turn, poll_due};
use server::router::router;
use server::serve::Server;
use server::settings::{Payfip, Settings};
use server::store::entity::{audit, billing_run, child, child_right, invoice, invoice_line, ledger_entry, payment, person, regie};
use server::store::{Tenant, Territory, insert_all, new_id, update_all};
use shared::id::{OrganisationId, PersonId};
use shared::money::Cents;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

pub const NOON: &str = "2026-10-05T10:00:00Z";
pub const MOTHER: &str = "samira@exemple.fr";
pub const PASSWORD: &str = "le chat dort au soleil";

pub struct House {
    pub app: App,
    pub a: Commune,
    b: OrganisationId,
    pub sandbox: Running,
    pub regie: regie::Model,
    pub mother: person::Model,
    base: String,
    handle: Handle<SocketAddr>,
    server: Server,
}

impl Drop for House {
    fn drop(&mut self) {
        self.handle.shutdown();
    }
}

/// An installation whose settings say W.
pub async fn open(fresh: &Fresh) -> House {
    open_with(fresh, |_| ()).await
}

pub async fn open_with(fresh: &Fresh, change: impl FnOnce(&mut App)) -> House {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let clock = payfip_sandbox::Clock::standing(NOON.parse().unwrap());
    let sandbox = payfip_sandbox::start(Config { clock, ..Config::default() }).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let settings = Settings {
        adresse: base.clone(),
        payfip: Payfip { adresse: sandbox.base_url().to_owned(), saisie: "W".into() },
        mandataires: vec!["127.0.0.1".parse().unwrap()],
        ..Settings::default()
    };
    // Shorter than the 15 s of real use: silence is tested too.
    let payfip = Arc::new(Line::with_patience(sandbox.base_url(), Duration::from_secs(1)));
    let mut app = App { clock: Clock::manual(NOON.parse().unwrap()), settings: Arc::new(settings), payfip, ..fresh.app.clone() };
    change(&mut app);
    let server = Server::open(app.clone()).unwrap();
    let a = commune(&app, "A").await;
    let b = commune(&app, "B").await.organisation;
    let regie = a_regie(&app, a.organisation).await;
    let reading = Territory::new(app.territoire(), app.db.read());
    let mother = reading.find::<person::Entity>().filter(person::Column::Code.eq("R-A")).one(&reading.on()).await.unwrap().unwrap();
    let handle = Handle::new();
    let token = |guardian: Guardian| async move { guardian.csrf.to_string() };
    let essai = Router::new().route("/essai/jeton", get(token)).layer(middleware::from_fn_with_state(server.clone(), watch));
    let routes = router(server.clone()).merge(essai.with_state(server.clone())).into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(axum_server::from_tcp(listener).unwrap().handle(handle.clone()).serve(routes));
    handle.listening().await.unwrap();
    let house = House { app, a, b, sandbox, regie, mother, base, handle, server };
    house.account(MOTHER, PersonId(house.mother.id)).await;
    house
}

async fn a_regie(app: &App, organisation: OrganisationId) -> regie::Model {
    let row = regie::Model {
        organisation_id: organisation.0,
        id: new_id(app.clock.now()).unwrap(),
        territoire_id: app.territoire().0,
        code: "R1".into(),
        name: "Régie enfance".into(),
        mode: "regie".into(),
        numcli: Some("090909".into()),
        term: "echu".into(),
        means: None,
        cash_ceiling_cents: None,
        budget_code: None,
        collectivite_code: None,
        post_id: None,
    };
    let transaction = app.db.begin().await.unwrap();
    insert_all(&Territory::new(app.territoire(), &transaction).on(), vec![row.clone()]).await.unwrap();
    transaction.commit().await.unwrap();
    row
}

impl House {
    pub fn reading(&self) -> Territory<'_> {
        Territory::new(self.app.territoire(), self.app.db.read())
    }

    /// The other commune, with the same codes.
    pub fn b(&self) -> OrganisationId {
        self.b
    }

    pub fn tenant(&self) -> Tenant<'_> {
        self.reading().tenant(self.a.organisation)
    }

    pub fn later(&self, seconds: u64) {
        self.app.clock.advance(Duration::from_secs(seconds));
        self.sandbox.sandbox.clock.advance(chrono::TimeDelta::seconds(seconds.try_into().unwrap()));
    }

    pub fn all(&self, pairs: &[(&str, &str)]) {
        self.sandbox.sandbox.settings().set(Scope::All, pairs.iter().copied()).unwrap();
    }

    pub fn next(&self, pairs: &[(&str, &str)]) {
        self.sandbox.sandbox.settings().set(Scope::Next, pairs.iter().copied()).unwrap();
    }

    pub async fn account(&self, login: &str, person: PersonId) {
        let hash = self.server.identity.hasher.hash(Password::chosen(PASSWORD).unwrap()).await.unwrap();
        let transaction = self.app.db.begin().await.unwrap();
        let territory = Territory::new(self.app.territoire(), &transaction);
        let new =
            New { login: login.into(), name: "Essai".into(), password_hash: Some(hash), person: Some(person.0), identity: (LOCAL, login) };
        account::add(&territory, new, self.app.clock.now()).await.unwrap();
        transaction.commit().await.unwrap();
    }

    pub async fn rewrite<M>(&self, row: M)
    where
        M: sea_orm::ModelTrait + sea_orm::IntoActiveModel<<M::Entity as sea_orm::EntityTrait>::ActiveModel>,
        <M::Entity as sea_orm::EntityTrait>::ActiveModel: Send,
    {
        let transaction = self.app.db.begin().await.unwrap();
        update_all(&Territory::new(self.app.territoire(), &transaction).on(), vec![row]).await.unwrap();
        transaction.commit().await.unwrap();
    }

    pub async fn add<M>(&self, row: M)
    where
        M: sea_orm::ModelTrait + sea_orm::IntoActiveModel<<M::Entity as sea_orm::EntityTrait>::ActiveModel>,
        <M::Entity as sea_orm::EntityTrait>::ActiveModel: Send,
    {
        let transaction = self.app.db.begin().await.unwrap();
        insert_all(&Territory::new(self.app.territoire(), &transaction).on(), vec![row]).await.unwrap();
        transaction.commit().await.unwrap();
    }

    /// Another adult of the mother's household.
    pub async fn adult(&self, code: &str, sees_bills: bool) -> PersonId {
        let id = new_id(self.app.clock.now()).unwrap();
        self.add(person::Model { id, code: code.into(), is_payer: false, ..self.mother.clone() }).await;
        let right = child_right::Model {
            territoire_id: self.app.territoire().0,
            id,
            child_id: self.a.child.0,
            person_id: id,
            link: None,
            parental_authority: "oui".into(),
            may_take: true,
            sees_presence: true,
            sees_bills,
            may_book: true,
            valid_from: None,
            valid_to: None,
            by_default: false,
        };
        self.add(right).await;
        PersonId(id)
    }

    /// An issued bill of the mother's, posted, with a line an amount.
    pub async fn bill(&self, number: i64, amounts: &[i64]) -> Uuid {
        let now = self.app.clock.now();
        let (organisation_id, territoire_id, run_id) = (self.a.organisation.0, self.app.territoire().0, new_id(now).unwrap());
        let total: i64 = amounts.iter().sum();
        let run = billing_run::Model {
            organisation_id,
            id: run_id,
            month: "2026-09".into(),
            exercise: 2026,
            issued_at_ms: now.timestamp_millis(),
            issued_on: day("2026-10-03"),
            issued_by: "console".into(),
            invoice_count: 1,
            credit_note_count: 0,
            total_cents: total,
        };
        self.add(run).await;
        let bill = invoice::Model {
            organisation_id,
            id: new_id(now).unwrap(),
            territoire_id,
            run_id,
            regie_id: self.regie.id,
            kind: "F".into(),
            exercise: 2026,
            number,
            printed_number: format!("F-2026-{number:06}"),
            payment_reference: format!("R1F2026{number:06}"),
            payer_id: self.mother.id,
            household_id: self.mother.household_id,
            month: "2026-09".into(),
            issued_on: day("2026-10-03"),
            due_on: None,
            total_cents: total,
            addressee: "{}".into(),
            cancels_id: None,
            reason: None,
        };
        self.add(bill.clone()).await;
        for (position, amount) in amounts.iter().enumerate() {
            let line = invoice_line::Model {
                organisation_id,
                invoice_id: bill.id,
                number: position as i32 + 1,
                territoire_id,
                month: "2026-09".into(),
                adjusts: false,
                child_id: self.a.child.0,
                child_name: "Zéphirine Martin".into(),
                centre_id: self.a.centre.0,
                centre_name: "Accueil".into(),
                activity_code: "SOIR".into(),
                nature: "garde".into(),
                tariff_code: "soir".into(),
                tariff_from: day("2026-09-01"),
                date_from: day("2026-09-01"),
                date_to: day("2026-09-30"),
                quantity: "1".into(),
                unit: "acte".into(),
                unit_price_cents: *amount,
                amount_cents: *amount,
                label: "Accueil du soir".into(),
                explanation: "[]".into(),
                part: String::new(),
            };
            self.add(line).await;
        }
        let entry = ledger_entry::Model {
            organisation_id,
            id: new_id(now).unwrap(),
            regie_id: self.regie.id,
            kind: "facture".into(),
            at_ms: now.timestamp_millis(),
            invoice_id: Some(bill.id),
            payment_id: None,
            receipt_id: None,
        };
        let postings = posting_rows(&entry, territoire_id, bill.payer_id, &of_bill(amounts.iter().map(|a| ("garde", Cents(*a)))));
        self.add(entry).await;
        for posting in postings {
            self.add(posting).await;
        }
        bill.id
    }

    pub async fn open_cents(&self, bill: Uuid) -> i64 {
        issued::bill(&self.tenant(), bill).await.unwrap().open().0
    }

    /// The payments of a bill, oldest first.
    pub async fn payments(&self, bill: Uuid) -> Vec<payment::Model> {
        let all = self.reading().payments().filter(payment::Column::InvoiceId.eq(bill));
        all.order_by_asc(payment::Column::CreatedAtMs).order_by_asc(payment::Column::Id).all(&self.reading().on()).await.unwrap()
    }

    pub async fn payment(&self, id: Uuid) -> payment::Model {
        self.reading().payments().filter(payment::Column::Id.eq(id)).one(&self.reading().on()).await.unwrap().unwrap()
    }

    /// Waits for what goes on behind an answer that was given at once.
    pub async fn until(&self, id: Uuid, state: &str) -> payment::Model {
        for _ in 0..500 {
            let row = self.payment(id).await;
            if row.state == state {
                return row;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("never {state}: {:?}", self.payment(id).await);
    }

    pub async fn poll(&self) -> Turn {
        poll_due(&self.app).await.unwrap()
    }

    /// How many ledger entries a payment made.
    pub async fn posted(&self, payment: Uuid) -> usize {
        let entries = self.tenant().find::<ledger_entry::Entity>().filter(ledger_entry::Column::PaymentId.eq(payment));
        entries.all(&self.tenant().on()).await.unwrap().len()
    }

    /// What the audit says of a payment, in order.
    pub async fn audited(&self, payment: Uuid) -> Vec<String> {
        let lines = self.tenant().find::<audit::Entity>().filter(audit::Column::SubjectId.eq(payment));
        let lines = lines.order_by_asc(audit::Column::Number).all(&self.tenant().on()).await.unwrap();
        lines.into_iter().map(|l| format!("{} {} {}", l.capacity, l.route, l.outcome)).collect()
    }

    pub fn browser(&self) -> Browser {
        self.browser_from("203.0.113.7")
    }

    pub fn browser_from(&self, network: &str) -> Browser {
        Browser::new(&self.base, network)
    }

    /// A browser in which the mother is logged in.
    pub async fn at_home(&self) -> Browser {
        let browser = self.browser();
        browser.log_in(MOTHER).await;
        browser
    }

    /// Clicks, and gives the payment and its operation.
    pub async fn click(&self, browser: &Browser, bill: Uuid) -> (Uuid, String) {
        let page = browser.pay(bill).await;
        assert_eq!(page.status, 303, "{page:?}");
        let idop = page.to.split_once("paiementws.web?idop=").unwrap_or_else(|| panic!("{page:?}")).1.to_owned();
        let row = self.payments(bill).await.pop().unwrap();
        assert_eq!((row.idop.as_deref(), row.state.as_str()), (Some(idop.as_str()), "en_cours"), "stored before the browser leaves");
        (row.id, idop)
    }

    /// The payer opens PayFiP's page.
    pub async fn look(&self, idop: &str) {
        let page = format!("{}/tpa/paiementws.web?idop={idop}", self.sandbox.base_url());
        assert_eq!(self.browser().get(&page).await.status, 200);
    }

    /// The payer presses a button there; gives where the browser is sent.
    pub async fn press(&self, idop: &str, letter: &str) -> String {
        self.look(idop).await;
        let page = format!("{}/tpa/paiementws.web", self.sandbox.base_url());
        self.browser().post(&page, &[("idop", idop), ("resultat", letter)]).await.to
    }

    /// A bill paid from the click to the ledger.
    pub async fn paid(&self, browser: &Browser, bill: Uuid) -> Uuid {
        let (payment, idop) = self.click(browser, bill).await;
        self.press(&idop, "P").await;
        server::payments::learn(&self.app, payment).await.unwrap();
        self.until(payment, "paye").await;
        payment
    }

    /// Somebody at the desk says what the trésorerie told them.
    pub async fn decides(&self, payment: Uuid, decision: Decision) -> server::Result<()> {
        let act = Act::command("essai");
        decide(&self.app, self.a.organisation, payment, decision, ("relevé du 12", "Mme Roche"), act).await
    }

    pub async fn child(&self) -> child::Model {
        self.reading()
            .find::<child::Entity>()
            .filter(child::Column::Id.eq(self.a.child.0))
            .one(&self.reading().on())
            .await
            .unwrap()
            .unwrap()
    }
}
