//! A browser that keeps its cookies, and follows nothing by itself.

use reqwest::header;
use std::collections::BTreeMap;
use std::sync::Mutex;
use uuid::Uuid;

/// What came back.
#[derive(Debug)]
pub struct Page {
    pub status: u16,
    pub to: String,
    pub text: String,
    pub policy: String,
}

/// A window with its cookies.
pub struct Browser {
    client: reqwest::Client,
    base: String,
    network: String,
    jar: Mutex<BTreeMap<String, String>>,
}

impl Browser {
    pub fn new(base: &str, network: &str) -> Self {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        Self { client, base: base.to_owned(), network: network.to_owned(), jar: Mutex::default() }
    }

    fn at(&self, path: &str) -> String {
        if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) }
    }

    pub async fn get(&self, path: &str) -> Page {
        self.send(self.client.get(self.at(path))).await
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.client.post(self.at(path)).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(body)).await
    }

    pub async fn log_in(&self, login: &str) {
        let page = self.get("/connexion").await.text;
        let csrf = page.split_once("name=\"csrf\" value=\"").unwrap().1.split_once('"').unwrap().0.to_owned();
        assert_eq!(self.post("/connexion", &[("csrf", &csrf), ("login", login), ("password", super::house::PASSWORD)]).await.status, 303);
    }

    pub async fn pay(&self, bill: Uuid) -> Page {
        let csrf = self.get("/essai/jeton").await.text;
        self.post(&format!("/famille/factures/{bill}/payer"), &[("csrf", &csrf)]).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Page {
        let cookies: Vec<String> = self.jar.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = request.header("x-forwarded-for", &self.network).header(header::COOKIE, cookies.join("; ")).send().await.unwrap();
        for set in answer.headers().get_all(header::SET_COOKIE) {
            let (name, value) = set.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.jar.lock().unwrap().insert(name.into(), value.into());
        }
        let text = |name: header::HeaderName| answer.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
        let (to, policy) = (text(header::LOCATION), text(header::CONTENT_SECURITY_POLICY));
        Page { status: answer.status().as_u16(), to, policy, text: answer.text().await.unwrap() }
    }
}
