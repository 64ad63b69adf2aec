//! A person's browser without scripts: keeps cookies, follows redirects, and fills in only the forms and fields that a page has.

use anyhow::{Context, Result, bail, ensure};
use reqwest::StatusCode;
use reqwest::blocking::{Client, Response};
use scraper::{ElementRef, Html, Selector};
use std::collections::BTreeMap;
use std::time::Duration;

/// Longest time for a page: PayFiP is asked on the way.
const PATIENCE: Duration = Duration::from_secs(60);

/// A window with its cookies.
pub struct Browser {
    client: Client,
    /// Where Préau is, without a slash at the end.
    home: String,
}

/// A page that was opened.
pub struct Page {
    pub status: StatusCode,
    pub url: String,
    html: Html,
}

impl Browser {
    pub fn new(home: &str) -> Result<Self> {
        // Whoever was first in this process chose the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().cookie_store(true).no_proxy().timeout(PATIENCE).build().context("navigateur")?;
        Ok(Self { client, home: home.to_owned() })
    }

    fn at(&self, path: &str) -> String {
        if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.home) }
    }

    /// Opens a page, whatever the answer.
    pub fn ask(&self, path: &str) -> Result<Page> {
        Page::of(self.client.get(self.at(path)).send().with_context(|| path.to_owned())?)
    }

    /// Opens a page that must be there.
    pub fn open(&self, path: &str) -> Result<Page> {
        self.ask(path)?.there()
    }

    /// Opens a document, as its bytes.
    pub fn document(&self, path: &str) -> Result<Vec<u8>> {
        let answer = self.client.get(self.at(path)).send()?;
        ensure!(answer.status().is_success(), "{path} : {}", answer.status());
        Ok(answer.bytes()?.to_vec())
    }

    /// Fills in and sends the form whose address ends so; `pressed` is the button, where there is more than one.
    pub fn send(&self, page: &Page, action_end: &str, typed: &[(&str, &str)]) -> Result<Page> {
        let form = page.form(action_end)?;
        let mut fields = form.hidden;
        for (name, value) in typed {
            ensure!(
                form.fields.iter().any(|field| field == name),
                "« {name} » n'est pas un champ du formulaire {action_end} de {}",
                page.url
            );
            fields.insert((*name).to_owned(), (*value).to_owned());
        }
        let origin = page.url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        let to = if form.action.starts_with('/') { format!("{origin}{}", form.action) } else { form.action };
        let answer = self.client.post(&to).header("origin", &origin).header("sec-fetch-site", "same-origin");
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
        let answer = answer.header("content-type", "application/x-www-form-urlencoded").body(body).send();
        Page::of(answer.with_context(|| to)?)
    }
}

/// What a form sends without anybody touching it, and what may be typed or pressed.
struct Form {
    action: String,
    hidden: BTreeMap<String, String>,
    fields: Vec<String>,
}

impl Page {
    fn of(answer: Response) -> Result<Self> {
        let (status, url) = (answer.status(), answer.url().to_string());
        Ok(Self { status, url, html: Html::parse_document(&answer.text()?) })
    }

    /// The page, which must be a page and no error.
    pub fn there(self) -> Result<Self> {
        ensure!(self.status.is_success(), "{} répond {} : {}", self.url, self.status, self.text());
        Ok(self)
    }

    fn all(&self, selector: &str) -> Result<Vec<ElementRef<'_>>> {
        let Ok(selector) = Selector::parse(selector) else { bail!("sélecteur {selector}") };
        Ok(self.html.select(&selector).collect())
    }

    /// What a person reads, blanks made one.
    pub fn text(&self) -> String {
        let main = self.all("main").ok().and_then(|all| all.first().copied()).unwrap_or_else(|| self.html.root_element());
        main.text().flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
    }

    /// The page must say this; its blanks are any blanks.
    pub fn must_say(&self, words: &str) -> Result<()> {
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        let text = self.text();
        ensure!(text.contains(&words), "{} ne dit pas « {words} » : {text}", self.url);
        Ok(())
    }

    /// Where links lead whose address begins so, each once.
    pub fn links(&self, beginning: &str) -> Result<Vec<String>> {
        let mut found: Vec<String> = Vec::new();
        for link in self.all("a[href]")? {
            let href = link.attr("href").unwrap_or_default();
            if href.starts_with(beginning) && !found.iter().any(|known| known == href) {
                found.push(href.to_owned());
            }
        }
        Ok(found)
    }

    fn form(&self, action_end: &str) -> Result<Form> {
        let forms = self.all("form")?;
        let wanted = forms.into_iter().find(|form| form.attr("action").is_some_and(|action| action.ends_with(action_end)));
        let form = wanted.with_context(|| format!("{} n'a pas de formulaire vers {action_end} : {}", self.url, self.text()))?;
        let Ok(inside) = Selector::parse("input[name], select[name], textarea[name], button[name]") else { bail!("sélecteur") };
        let (mut hidden, mut fields) = (BTreeMap::new(), Vec::new());
        for field in form.select(&inside) {
            let (name, value) = (field.attr("name").unwrap_or_default().to_owned(), field.attr("value").unwrap_or_default().to_owned());
            if field.attr("type") == Some("hidden") {
                hidden.insert(name, value);
            } else {
                fields.push(name);
            }
        }
        Ok(Form { action: form.attr("action").unwrap_or_default().to_owned(), hidden, fields })
    }
}
