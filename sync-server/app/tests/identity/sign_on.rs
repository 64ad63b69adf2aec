//! The sign-on, against a certified provider that runs in Node (`tests/sign-on`). Skipped where `node` or `npm` is missing, which is a
//! failure where `CI=true`.

use super::browser::{AGENT, Browser, House, MOTHER, PASSWORD, Page, open, open_with};
use server::clock::Clock;
use server::identity::Role;
use server::store::entity::account_identity;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The running provider; ends with the test.
struct Provider(Child);

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// One `npm ci` at a time, whichever process runs the test; the lock ends with the file.
fn one_at_a_time() -> File {
    let lock = File::create(Path::new(env!("CARGO_TARGET_TMPDIR")).join("sign-on.lock")).unwrap();
    lock.lock().unwrap();
    lock
}

fn skipped(why: &str) -> Option<PathBuf> {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "the sign-on must be tested where CI=true: {why}");
    eprintln!("skipped: the sign-on needs node and npm ({why})");
    None
}

/// The folder of the provider, its packages in place.
fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/sign-on");
    if Command::new("node").arg("--version").output().is_err() {
        return skipped("node doesn't start");
    }
    let _one = one_at_a_time();
    if !folder.join("node_modules/.package-lock.json").exists() {
        match Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder).output() {
            Ok(done) if done.status.success() => {}
            Ok(done) => return skipped(&String::from_utf8_lossy(&done.stderr)),
            Err(error) => return skipped(&error.to_string()),
        }
    }
    Some(folder)
}

/// A house with two buttons: the same provider signs for one with ES256, for the other with RS256.
async fn with_provider(fresh: &crate::place::Fresh) -> Option<(House, Provider)> {
    let folder = folder()?;
    let mut started = None;
    // A provider signs with the real time.
    let house = open_with(fresh, Clock::System, |base| {
        let back = |name: &str| format!("{base}/connexion/sso/{name}/retour");
        let mut child = Command::new("node")
            .args(["provider.js", &back("es"), &back("rs")])
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut issuer = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut issuer).unwrap();
        assert!(issuer.starts_with("http://"), "the provider didn't start");
        started = Some(Provider(child));
        let one = |name: &str, n: u8| {
            format!(
                "[[oidc]]\nnom = \"{name}\"\nemetteur = \"{}\"\nclient_id = \"preau-{n}\"\n\
                 client_secret = \"un secret de trente-deux signes au moins\"\nportees = [\"email\"]\nbouton = \"Mon territoire {name}\"\n",
                issuer.trim()
            )
        };
        one("es", 0) + &one("rs", 1)
    })
    .await;
    Some((house, started?))
}

/// Follows the provider's pages as a browser does, up to our own address; types a name where it asks for one.
async fn at_provider(way: &str, name: &str, house: &House) -> String {
    let (browser, mut at) = (house.browser(), way.to_owned());
    let issuer = way.split('/').take(3).collect::<Vec<_>>().join("/");
    for _ in 0..12 {
        if at.starts_with(house.base()) {
            return at;
        }
        let url = if at.starts_with('/') { format!("{issuer}{at}") } else { at.clone() };
        let page = browser.get(&url).await;
        at = if page.status == 200 {
            let action = page.between("action=\"", "\"");
            let path = action.strip_prefix(&issuer).unwrap_or(&action).to_owned();
            browser.post_at(&issuer, &path, &[("prompt", "login"), ("login", name), ("password", "x")], &[]).await.to
        } else {
            page.to
        };
    }
    panic!("the provider leads nowhere: {at}");
}

/// Leaves for a sign-on and comes back as `name`.
async fn sign_on(house: &House, browser: &Browser, provider: &str, name: &str) -> Page {
    let page = browser.get("/connexion?suite=%2Fessai%2Ffamille").await;
    let way = page.between(&format!("href=\"/connexion/sso/{provider}"), "\"").replace("&#38;", "&");
    let page = browser.get(&format!("/connexion/sso/{provider}{way}")).await;
    assert_eq!(page.status, 303, "{page:?}");
    let back = at_provider(&page.to, name, house).await;
    browser.get(&back).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_unknown_is_asked_for_a_code_once_and_never_found_by_an_address() {
    let fresh = crate::place::on_sqlite().await;
    let Some((house, _provider)) = with_provider(&fresh).await else { return };
    let house = house.with_mother().await;
    for provider in ["es", "rs"] {
        let browser = house.browser();
        // The provider says `samira@exemple.fr`, which is the mother's log-in here.
        let page = sign_on(&house, &browser, provider, "sub-1").await;
        if provider == "es" {
            assert_eq!(page.to, "/activation", "{page:?}");
            assert_eq!(browser.get("/essai/famille").await.status, 303, "not logged in by an equal address");
            let page = browser.get("/activation").await;
            assert!(page.text.contains("Mon territoire es") && !page.text.contains("name=\"password\""), "{}", page.text);
            let code = house.code().await;
            let page = browser.submit("/activation", "/activation", &[("code", &code), ("fact", "Martin")]).await;
            assert_eq!(page.status, 303, "{page:?}");
            assert_eq!(browser.get("/essai/famille").await.status, 200);
        } else {
            assert_eq!(page.to, "/essai/famille", "the same issuer and subject, signed with the other key: {page:?}");
            assert_eq!(browser.get("/essai/famille").await.status, 200);
        }
    }
    let identities = house.reading().find::<account_identity::Entity>().all(&house.reading().on()).await.unwrap();
    let providers: Vec<bool> = identities.iter().map(|i| i.provider.starts_with("sso:http://127.0.0.1:") && i.subject == "sub-1").collect();
    assert_eq!(providers.iter().filter(|is| **is).count(), 1);
    assert_eq!(identities.iter().map(|i| i.account_id).collect::<std::collections::BTreeSet<_>>().len(), 1, "her one account has both");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_a_password_links_both_by_logging_in_and_a_desk_still_asks_its_second_factor() {
    let fresh = crate::place::on_sqlite().await;
    let Some((house, _provider)) = with_provider(&fresh).await else { return };
    house.add(AGENT, None, Some((house.a.organisation, Role::Agent, None))).await;
    let browser = house.browser();
    sign_on(&house, &browser, "es", "sub-agent").await;
    let page = browser.get("/connexion/lier").await;
    assert_eq!(page.to, "/connexion?suite=%2Fconnexion%2Flier");
    browser.submit(&page.to, "/connexion", &[("login", AGENT), ("password", PASSWORD), ("suite", "/connexion/lier")]).await;
    let page = browser.get("/connexion/lier").await;
    assert!(page.text.contains(AGENT) && page.text.contains("Mon territoire es"), "{}", page.text);
    assert_eq!(browser.submit("/connexion/lier", "/connexion/lier", &[]).await.status, 303);
    let other = house.browser();
    let page = sign_on(&house, &other, "es", "sub-agent").await;
    assert!(page.to.starts_with("/connexion/double-facteur"), "{page:?}");
    assert!(other.get("/essai/A").await.to.starts_with("/connexion/double-facteur"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_way_back_is_worth_nothing_in_another_browser_twice_or_made_up() {
    let fresh = crate::place::on_sqlite().await;
    let Some((house, _provider)) = with_provider(&fresh).await else { return };
    let (browser, victim) = (house.browser(), house.browser());
    let page = browser.get("/connexion/sso/es").await;
    for (name, at_least) in [("state", 32), ("nonce", 32), ("code_challenge", 43)] {
        let value = page.to.split_once(&format!("{name}=")).unwrap().1.split('&').next().unwrap();
        assert!(value.len() >= at_least, "{name}={value}");
    }
    assert!(page.to.contains("code_challenge_method=S256"));
    let back = at_provider(&page.to, "sub-thief", &house).await;
    assert_eq!(victim.get(&back).await.status, 403, "a link that logs a victim in as the thief");
    assert_eq!(browser.get(&back).await.status, 403, "and it is spent");
    let page = browser.get("/connexion/sso/es").await;
    let back = at_provider(&page.to, "sub-2", &house).await;
    let state = back.split_once("state=").unwrap().1.split('&').next().unwrap();
    assert_eq!(browser.get(&format!("/connexion/sso/es/retour?state={state}&code=invente")).await.status, 403);
    assert_eq!(browser.get("/connexion/sso/es/retour?state=invente&code=x").await.status, 403);
    assert_eq!(browser.get("/connexion/sso/autre").await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_does_not_answer_leaves_the_password() {
    let fresh = crate::place::on_sqlite().await;
    let house = open_with(&fresh, Clock::System, |_| {
        "[[oidc]]\nnom = \"es\"\nemetteur = \"http://127.0.0.1:9\"\nclient_id = \"x\"\nclient_secret = \"y\"\nbouton = \"Territoire\"\n"
            .into()
    })
    .await
    .with_mother()
    .await;
    let browser = house.browser();
    let page = browser.get("/connexion/sso/es").await;
    assert!(page.status == 503 && page.text.contains("ne répond pas"), "{page:?}");
    assert_eq!(browser.log_in(MOTHER, PASSWORD).await.status, 303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_setting_there_is_no_button_and_no_route() {
    let fresh = crate::place::on_sqlite().await;
    let house = open(&fresh).await;
    assert!(!house.browser().get("/connexion").await.text.contains("/connexion/sso/"));
    assert_eq!(house.browser().get("/connexion/sso/es").await.status, 404);
}
