//! A sandbox on a free port with a standing clock, a client of it, a browser, and a receiver of notifications.

use axum::body::Bytes;
use axum::extract::RawQuery;
use axum::http::Method;
use chrono::{DateTime, TimeDelta, Utc};
use payfip::{CallbackUrl, Client, CreatePayment, Exer, IdOp, Mel, Montant, NumCli, Objet, RefDet, Saisie};
use payfip_sandbox::{Clients, Clock, Config, Running, Scope, Settings};
use shared::money::Cents;
use std::time::Duration;
use tokio::sync::mpsc;

/// A morning in Paris.
pub const MORNING: &str = "2026-11-26T08:00:00Z";

pub struct World {
    pub running: Running,
    pub client: Client,
    pub browser: reqwest::Client,
    pub clock: Clock,
}

impl World {
    pub async fn new() -> Self {
        Self::with(Clients::default()).await
    }

    pub async fn with(clients: Clients) -> Self {
        let clock = Clock::standing(MORNING.parse().unwrap());
        let config = Config { clock: clock.clone(), clients, settings: Settings::default(), ..Config::default() };
        let running = payfip_sandbox::start(config).await.unwrap();
        // Shorter than the 15 s of real use: silence is tested too.
        let client = Client::with_patience(running.base_url(), Duration::from_secs(3)).unwrap();
        let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        Self { running, client, browser, clock }
    }

    pub fn all(&self, pairs: &[(&str, &str)]) {
        self.running.sandbox.settings().set(Scope::All, pairs.iter().copied()).unwrap();
    }

    pub fn next(&self, pairs: &[(&str, &str)]) {
        self.running.sandbox.settings().set(Scope::Next, pairs.iter().copied()).unwrap();
    }

    pub fn later(&self, minutes: i64) {
        self.clock.advance(TimeDelta::minutes(minutes));
    }

    pub async fn create(&self) -> IdOp {
        self.client.create(&payment()).await.unwrap()
    }

    /// Opens the payment page, and gives its text.
    pub async fn open(&self, idop: &IdOp) -> String {
        self.browser.get(self.client.payment_page_url(idop)).send().await.unwrap().text().await.unwrap()
    }

    /// Opens the page and presses a button; where the browser goes.
    pub async fn pay(&self, idop: &IdOp, letter: &str) -> String {
        self.open(idop).await;
        self.press(idop, letter).await.headers()["location"].to_str().unwrap().to_owned()
    }

    pub async fn press(&self, idop: &IdOp, letter: &str) -> reqwest::Response {
        let form = format!("idop={idop}&resultat={letter}");
        let page = format!("{}/tpa/paiementws.web", self.running.base_url());
        let request = self.browser.post(page).header("content-type", "application/x-www-form-urlencoded");
        request.body(form).send().await.unwrap()
    }

    /// Posts bytes to the web service, and gives status and text.
    pub async fn post(&self, body: impl Into<reqwest::Body>) -> (u16, String) {
        let url = format!("{}/tpa/services/securite", self.running.base_url());
        let answer = self.browser.post(url).header("content-type", "text/xml; charset=utf-8").body(body).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    pub async fn admin(&self, route: &str, form: &str) -> (u16, String) {
        let url = format!("{}/_bac-a-sable/{route}", self.running.base_url());
        let answer = self.browser.post(url).body(form.to_owned()).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Waits until an operation has as many told deliveries.
    pub async fn told(&self, idop: &IdOp, count: usize) -> Vec<String> {
        for _ in 0..500 {
            let told = {
                let mut held = self.running.sandbox.operations();
                let all = held.latest_first(self.clock.now());
                all.iter().find(|operation| operation.idop == idop.as_str()).unwrap().told.clone()
            };
            if told.len() >= count {
                return told;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{idop} was not told of {count} times");
    }
}

pub fn payment() -> CreatePayment {
    CreatePayment {
        exer: Exer::new(2026).unwrap(),
        mel: Mel::new("john.doe@example.com").unwrap(),
        montant: Montant::new(Cents(4250)).unwrap(),
        numcli: NumCli::new("090909").unwrap(),
        objet: Objet::normalised("Accueil & cantine"),
        refdet: RefDet::new("F2026R1N000042").unwrap(),
        saisie: Saisie::Test,
        // Port 9 discards: nobody listens.
        urlnotif: CallbackUrl::new("http://127.0.0.1:9/notification").unwrap(),
        urlredirect: CallbackUrl::new("http://127.0.0.1:9/retour?facture=1").unwrap(),
    }
}

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// What a receiver heard: method, query, body.
pub type Heard = (Method, Option<String>, Vec<u8>);

/// A receiver of notifications on a free port.
pub async fn receiver() -> (CallbackUrl, mpsc::UnboundedReceiver<Heard>) {
    let (heard, hears) = mpsc::unbounded_channel();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/notification", listener.local_addr().unwrap());
    let hear = move |method: Method, RawQuery(query): RawQuery, body: Bytes| {
        let heard = heard.clone();
        async move { heard.send((method, query, body.to_vec())).unwrap() }
    };
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().route("/notification", axum::routing::any(hear))).await });
    (CallbackUrl::new(&url).unwrap(), hears)
}
