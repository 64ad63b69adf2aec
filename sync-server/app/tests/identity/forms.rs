//! Forms: none of another site, none without its token, and no page that forgot to ask.

use super::browser::{MOTHER, PASSWORD, open};
use server::identity::Role;

/// Every route of ours that changes something.
const POSTS: [&str; 8] = [
    "/connexion",
    "/connexion/code",
    "/connexion/double-facteur",
    "/connexion/lier",
    "/deconnexion",
    "/activation",
    "/essai/A/acte",
    "/essai/B/acte",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_route_takes_a_form_without_its_caller_s_token() {
    let fresh = crate::place::on_sqlite().await;
    let house = open(&fresh).await.with_mother().await;
    let logged_in = house.browser();
    logged_in.log_in(MOTHER, PASSWORD).await;
    let strangers = house.browser().get("/connexion").await.csrf();
    for path in POSTS {
        for browser in [&house.browser(), &logged_in] {
            let page = browser.post_raw(path, &[("what", "x")], &[("sec-fetch-site", "same-origin")]).await;
            assert_eq!(page.status, 403, "{path} without a token: {page:?}");
            assert!(page.text.contains("Rien n’a été enregistré"), "{}", page.text);
            let page = browser.post_raw(path, &[("what", "x"), ("csrf", &strangers)], &[]).await;
            assert_eq!(page.status, 403, "{path} with somebody else's");
        }
    }
    assert_eq!(logged_in.get("/essai/famille").await.status, 200, "nobody was logged out by a stranger's form");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_of_another_site_is_refused_even_with_the_token() {
    let fresh = crate::place::on_sqlite().await;
    let house = open(&fresh).await.with_mother().await;
    let browser = house.browser();
    let csrf = browser.get("/connexion").await.csrf();
    let fields = [("csrf", csrf.as_str()), ("login", MOTHER), ("password", PASSWORD)];
    let own = house.base().to_owned();
    for (name, value, status) in [
        ("sec-fetch-site", "cross-site", 403),
        ("sec-fetch-site", "same-site", 403),
        ("origin", "https://evil.exemple", 403),
        ("origin", "null", 403),
        ("origin", own.as_str(), 303),
    ] {
        let page = browser.post_raw("/connexion", &fields, &[(name, value)]).await;
        assert_eq!(page.status, status, "{name}: {value}: {page:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_route_that_stands_outside_the_layer_takes_no_form_at_all() {
    let fresh = crate::place::on_sqlite().await;
    let house = open(&fresh).await;
    let page = house.browser().post_raw("/essai/sans-garde", &[("a", "b")], &[]).await;
    assert_eq!(page.status, 503, "{page:?}");
    assert!(!page.text.contains("passed"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tablets_hold_no_cookie_and_are_asked_for_no_token() {
    let fresh = crate::place::on_sqlite().await;
    let house = open(&fresh).await;
    let page = house.browser().post_raw("/sync/v1/session/hello", &[], &[("sec-fetch-site", "cross-site")]).await;
    assert!(page.text.contains("\"code\""), "a refusal of the sync desk, not a page: {page:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_token_of_a_form_holds_for_one_browser_and_its_cookie_is_set_only_where_a_form_is() {
    let fresh = crate::place::on_sqlite().await;
    let house = open(&fresh).await.with_mother().await;
    let browser = house.browser();
    browser.get("/").await;
    assert_eq!(browser.cookie("preau-formulaire"), None, "no form, no cookie");
    let first = browser.get("/connexion").await.csrf();
    assert_eq!(browser.get("/connexion").await.csrf(), first, "two tabs of one window");
    assert_ne!(house.browser().get("/connexion").await.csrf(), first);
    browser.plant("preau-formulaire", "court");
    assert_ne!(browser.get("/connexion").await.csrf(), "court", "only what we made");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_wrote_while_logged_out_is_told_and_not_sent_round() {
    let fresh = crate::place::on_sqlite().await;
    let house = open(&fresh).await;
    house.add("a@exemple.fr", None, Some((house.a.organisation, Role::Agent, None))).await;
    let page = house.browser().submit("/connexion", "/essai/A/acte", &[("what", "x")]).await;
    assert_eq!(page.status, 401, "{page:?}");
    assert!(page.text.contains("/connexion"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_text_is_refused_before_any_database_sees_it() {
    let fresh = crate::place::on_sqlite().await;
    let house = open(&fresh).await.with_mother().await;
    let browser = house.browser();
    let csrf = browser.get("/connexion").await.csrf();
    for login in ["a\0b@exemple.fr", "\0"] {
        let page = browser.post_raw("/connexion", &[("csrf", &csrf), ("login", login), ("password", PASSWORD)], &[]).await;
        assert!(page.status == 400 && page.text.contains("Rien n’a été enregistré"), "{page:?}");
    }
    for path in ["/bureau/A%00", "/connexion?suite=%00", "/famille/factures/%00"] {
        assert_eq!(browser.get(path).await.status, 400, "{path}");
    }
}
