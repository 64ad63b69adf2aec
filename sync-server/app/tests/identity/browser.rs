//! A house that listens and browsers that keep their cookies.

use crate::place::Fresh;
use crate::world::{Commune, commune, day};
use axum::routing::{get, post};
use axum::{Router, middleware};
use axum_server::Handle;
use reqwest::header;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use server::app::App;
use server::clock::Clock;
use server::identity::account::{self, LOCAL, New};
use server::identity::activation::new_code;
use server::identity::browser::watch;
use server::identity::password::Password;
use server::identity::{Agent, Form, Guardian, Right, Role};
use server::router::router;
use server::serve::Server;
use server::settings::Settings;
use server::store::Territory;
use server::store::entity::{audit, person};
use shared::id::{AccountId, CentreId, OrganisationId, PersonId};
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub const NOON: &str = "2026-10-05T10:00:00Z";
pub const MOTHER: &str = "samira@exemple.fr";
pub const AGENT: &str = "finances@exemple.fr";
pub const PASSWORD: &str = "le chat dort au soleil";

/// A server on a port, its clock in the test's hand. Whoever calls says which network he comes from.
pub struct House {
    pub app: App,
    pub server: Server,
    pub a: Commune,
    pub b: Commune,
    base: String,
    handle: Handle<SocketAddr>,
}

impl Drop for House {
    fn drop(&mut self) {
        self.handle.shutdown();
    }
}

/// Pages of a family and of a desk, as other rooms will write them.
fn pages(server: &Server) -> Router {
    async fn family(guardian: Guardian) -> String {
        format!("{} {} {}", guardian.person, guardian.lang, guardian.csrf)
    }
    async fn desk(agent: Agent) -> String {
        let signs = (agent.may(Right::SignDay), agent.may_somewhere(Right::SignDay));
        format!("{} {} {signs:?} {}", agent.organisation.code, agent.may(Right::Decide), agent.csrf)
    }
    async fn act(agent: Agent, Form(fields): Form<BTreeMap<String, String>>) -> String {
        format!("{} {}", agent.organisation.code, fields["what"])
    }
    Router::new()
        .route("/essai/famille", get(family))
        .route("/essai/{organisation}", get(desk))
        .route("/essai/{organisation}/acte", post(act))
        .layer(middleware::from_fn_with_state(server.clone(), watch))
        // A mistake that somebody could make: a form outside the layer.
        .route("/essai/sans-garde", post(|Form(_): Form<BTreeMap<String, String>>| async { "passed" }))
        .with_state(server.clone())
}

pub async fn open(fresh: &Fresh) -> House {
    open_with(fresh, Clock::manual(NOON.parse().unwrap()), |_| String::new()).await
}

/// On another clock, and with more settings, that may hold the house's own address.
pub async fn open_with(fresh: &Fresh, clock: Clock, settings: impl FnOnce(&str) -> String) -> House {
    open_app(App { clock, ..fresh.app.clone() }, settings).await
}

/// As [`open_with`], of an installation that a test has changed.
pub async fn open_app(app: App, settings: impl FnOnce(&str) -> String) -> House {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let settings = format!("adresse = \"{base}\"\nmandataires = [\"127.0.0.1\"]\n{}", settings(&base));
    std::fs::write(app.data_dir.join("preau.toml"), settings).unwrap();
    let app = App { settings: Arc::new(Settings::read(&app.data_dir).unwrap()), ..app };
    let server = Server::open(app.clone()).unwrap();
    let a = commune(&app, "A").await;
    let b = commune(&app, "B").await;
    let handle = Handle::new();
    let routes = router(server.clone()).merge(pages(&server)).into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(axum_server::from_tcp(listener).unwrap().handle(handle.clone()).serve(routes));
    handle.listening().await.unwrap();
    House { app, server, a, b, base, handle }
}

impl House {
    pub fn browser(&self) -> Browser {
        self.browser_from("203.0.113.7")
    }

    pub fn browser_from(&self, network: &str) -> Browser {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        Browser { client, base: self.base.clone(), network: network.to_owned(), jar: Mutex::default() }
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    pub fn later(&self, seconds: u64) {
        self.app.clock.advance(Duration::from_secs(seconds));
    }

    pub fn reading(&self) -> Territory<'_> {
        Territory::new(self.app.territoire(), self.app.db.read())
    }

    /// The guardian of commune A.
    pub async fn mother(&self) -> PersonId {
        let of_code = self.reading().find::<person::Entity>().filter(person::Column::Code.eq("R-A"));
        PersonId(of_code.one(&self.reading().on()).await.unwrap().unwrap().id)
    }

    pub async fn code(&self) -> String {
        let person = self.mother().await;
        let transaction = self.app.db.begin().await.unwrap();
        let territory = Territory::new(self.app.territoire(), &transaction);
        let code = new_code(&territory, &self.server.identity.hasher, person, "accueil", self.app.clock.now()).await.unwrap();
        transaction.commit().await.unwrap();
        code
    }

    /// The mother's access, as an activation leaves it.
    pub async fn with_mother(self) -> Self {
        let person = self.mother().await;
        self.add(MOTHER, Some(person), None).await;
        self
    }

    /// An account with its password, and a role where one is given.
    pub async fn add(&self, login: &str, person: Option<PersonId>, role: Option<(OrganisationId, Role, Option<CentreId>)>) -> AccountId {
        let hash = self.server.identity.hasher.hash(Password::chosen(PASSWORD).unwrap()).await.unwrap();
        let transaction = self.app.db.begin().await.unwrap();
        let territory = Territory::new(self.app.territoire(), &transaction);
        let new = New {
            login: login.into(),
            name: "Essai".into(),
            password_hash: Some(hash),
            person: person.map(|p| p.0),
            identity: (LOCAL, login),
        };
        let account = account::add(&territory, new, self.app.clock.now()).await.unwrap();
        if let Some((organisation, role, centre)) = role {
            account::give_role(&territory, AccountId(account.id), organisation, (role, centre), day("2020-09-01")).await.unwrap();
        }
        transaction.commit().await.unwrap();
        AccountId(account.id)
    }

    /// The territoire's book after its first line: route, actor's kind and outcome, oldest first.
    pub async fn audit(&self) -> Vec<String> {
        let tenant = self.reading().tenant(OrganisationId(self.app.territoire().0));
        let lines = tenant.find::<audit::Entity>().order_by_asc(audit::Column::Day).order_by_asc(audit::Column::Number);
        let lines = lines.all(&tenant.on()).await.unwrap();
        lines.into_iter().filter(|l| l.route != "init").map(|l| format!("{} {} {}", l.route, l.capacity, l.outcome)).collect()
    }
}

/// What came back.
#[derive(Debug)]
pub struct Page {
    pub status: u16,
    pub to: String,
    pub text: String,
}

impl Page {
    pub fn csrf(&self) -> String {
        self.between("name=\"csrf\" value=\"", "\"")
    }

    pub fn between(&self, before: &str, after: &str) -> String {
        let rest = self.text.split_once(before).unwrap_or_else(|| panic!("no {before} in {}", self.text)).1;
        rest.split_once(after).unwrap().0.to_owned()
    }
}

/// A window with its cookies.
pub struct Browser {
    client: reqwest::Client,
    base: String,
    network: String,
    pub jar: Mutex<BTreeMap<String, String>>,
}

impl Browser {
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.jar.lock().unwrap().get(name).cloned()
    }

    pub fn plant(&self, name: &str, value: &str) {
        self.jar.lock().unwrap().insert(name.into(), value.into());
    }

    pub async fn get(&self, path: &str) -> Page {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        self.send(self.client.get(url)).await
    }

    /// Posts fields just as they are.
    pub async fn post_raw(&self, path: &str, fields: &[(&str, &str)], headers: &[(&'static str, &str)]) -> Page {
        self.post_at(&self.base, path, fields, headers).await
    }

    /// The same, to somebody else.
    pub async fn post_at(&self, base: &str, path: &str, fields: &[(&str, &str)], headers: &[(&'static str, &str)]) -> Page {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut request = self.client.post(format!("{base}{path}"));
        request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request).await
    }

    /// Opens a page and sends its form back.
    pub async fn submit(&self, page: &str, path: &str, fields: &[(&str, &str)]) -> Page {
        let csrf = self.get(page).await.csrf();
        self.post_raw(path, &[fields, &[("csrf", &csrf)]].concat(), &[("sec-fetch-site", "same-origin")]).await
    }

    pub async fn log_in(&self, login: &str, password: &str) -> Page {
        self.submit("/connexion", "/connexion", &[("login", login), ("password", password)]).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Page {
        let cookies: Vec<String> = self.jar.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request.header("x-forwarded-for", &self.network).header(header::COOKIE, cookies.join("; "));
        let answer = request.send().await.unwrap();
        for set in answer.headers().get_all(header::SET_COOKIE) {
            let set = set.to_str().unwrap();
            assert!(!set.starts_with("preau") || (set.contains("HttpOnly") && set.contains("SameSite=Lax")), "{set}");
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            match value {
                "" => self.jar.lock().unwrap().remove(name),
                value => self.jar.lock().unwrap().insert(name.into(), value.into()),
            };
        }
        let to = answer.headers().get(header::LOCATION).map_or("", |to| to.to_str().unwrap()).to_owned();
        Page { status: answer.status().as_u16(), to, text: answer.text().await.unwrap() }
    }
}
