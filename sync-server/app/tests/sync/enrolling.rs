//! Enrolment and sessions.

use super::tablet::{Tablet, at_noon, derived, open, sign, trusting};
use crate::on_both;
use crate::world::{Commune, commune};
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter};
use server::store::entity::{audit, device, enrolment_code, sync_session};
use server::store::{Territory, random};
use server::sync::authority::Authority;
use server::sync::{fingerprint, fleet};
use shared::id::OrganisationId;
use shared::journal::SigningKey;
use shared::wire::limits::{CODE_LIFE_S, CODE_TRIES_PER_MINUTE, NONCE_LIFE_S, SESSION_LIFE_S};
use shared::wire::{EnrolDone, EnrolHello};
use std::time::Duration;

fn a_key() -> SigningKey {
    SigningKey::from_bytes(&random().unwrap())
}

on_both! {
    async fn a_code_is_the_first_keys_and_may_be_repeated_until_the_first_push(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let code = door.code(here.site).await;
        let (first, second) = (a_key(), a_key());
        let done: EnrolDone = door.enrol(&code, &first).await.read();
        assert_eq!((done.site, done.site_name.as_str(), done.epoch), (here.site, "École A", 1));
        assert_eq!(done.organisations, [here.organisation]);
        let again: EnrolDone = door.enrol(&code.to_lowercase(), &first).await.read();
        assert_eq!(again.device, done.device, "a lost answer costs nothing");
        assert_eq!(door.enrol(&code, &second).await.refusal(), (409, "code_deja_utilise".into()));
        let territory = Territory::new(door.app.territoire(), door.app.db.read());
        let row = territory.find::<enrolment_code::Entity>().one(&territory.on()).await.unwrap().unwrap();
        assert_eq!(row.other_key.unwrap(), second.verifying_key().to_bytes(), "the agent sees who else tried");
        let all = fleet::fleet(&territory, door.app.clock.now()).await.unwrap();
        let shown = all.iter().find(|line| line["kind"] == "enrolment_code").unwrap();
        let print = |key: &SigningKey| fingerprint::of(&key.verifying_key().to_bytes());
        assert_eq!((&shown["key"], &shown["other_key"]), (&print(&first).into(), &print(&second).into()), "the agent sees both");
        let said = fleet::lines(&all).join("\n");
        for key in [&first, &second] {
            assert!(said.contains(&fingerprint::short(&print(key))), "{said}");
        }
        assert!(said.contains("ATTENTION : une seconde tablette"), "{said}");

        let mut tablet = Tablet::new(done.device, here, first.clone());
        tablet.open_session(&door).await;
        let entry = tablet.arrival(door.app.clock.now());
        assert_eq!(tablet.verdicts(&door, &[entry]).await, ["accepted"]);
        assert_eq!(door.enrol(&code, &first).await.refusal(), (404, "code_inconnu".into()), "its work has begun");
        let said = fleet::lines(&fleet::fleet(&territory, door.app.clock.now()).await.unwrap()).join("\n");
        assert!(said.contains("ATTENTION"), "a dispute outlives the code: {said}");
    }
}

async fn tablets(door: &super::tablet::Door) -> u64 {
    let territory = Territory::new(door.app.territoire(), door.app.db.read());
    let tablets = territory.find::<device::Entity>().filter(device::Column::Kind.eq("tablet"));
    tablets.count(&territory.on()).await.unwrap()
}

on_both! {
    async fn a_forged_or_replayed_confirmation_enrols_nobody(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let (code, other_code, key, stranger) = (door.code(here.site).await, door.code(here.site).await, a_key(), a_key());
        let good = async |code: &str, key: &SigningKey| door.confirmation(code, key).await.ok().unwrap();

        let mut wrong_mac = good(&code, &key).await;
        let right = wrong_mac.clone();
        wrong_mac.proof.0[0] ^= 1;
        assert_eq!(door.confirm(&wrong_mac).await.refusal(), (403, "preuve_fausse".into()));
        assert_eq!(door.confirm(&right).await.refusal(), (409, "defi_inconnu".into()), "a challenge is answered once, rightly or not");

        let mut short_mac = good(&code, &key).await;
        short_mac.proof.0.truncate(16);
        assert_eq!(door.confirm(&short_mac).await.refusal(), (403, "preuve_fausse".into()), "half a proof is none");

        let mut of_another_key = good(&code, &key).await;
        of_another_key.signature = sign(&stranger, b"whatever").into();
        assert_eq!(door.confirm(&of_another_key).await.refusal(), (403, "preuve_fausse".into()), "who knows the code must hold the key too");

        // The challenge of one code, key or tablet answers for no other.
        door.app.clock.advance(Duration::from_secs(60));
        let (one, mut crossed) = (good(&code, &key).await, good(&other_code, &key).await);
        crossed.server_nonce = one.server_nonce.clone();
        assert_eq!(door.confirm(&crossed).await.refusal(), (409, "defi_inconnu".into()));
        let (one, mut crossed) = (good(&code, &key).await, good(&code, &stranger).await);
        crossed.server_nonce = one.server_nonce.clone();
        assert_eq!(door.confirm(&crossed).await.refusal(), (409, "defi_inconnu".into()));
        assert_eq!(tablets(&door).await, 0, "nobody was let in");

        door.app.clock.advance(Duration::from_secs(60));
        let once = good(&code, &key).await;
        door.confirm(&once).await.read::<EnrolDone>();
        assert_eq!(door.confirm(&once).await.refusal(), (409, "defi_inconnu".into()), "a replay");
        let late = good(&code, &key).await;
        door.app.clock.advance(Duration::from_secs(u64::from(NONCE_LIFE_S)));
        assert_eq!(door.confirm(&late).await.refusal(), (409, "defi_inconnu".into()), "too late");
        assert_eq!(tablets(&door).await, 1);
    }
}

on_both! {
    async fn a_code_dies_after_a_quarter_of_an_hour(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let code = door.code(here.site).await;
        door.app.clock.advance(Duration::from_secs(u64::from(CODE_LIFE_S) - 1));
        let one = a_key();
        door.enrol(&code, &one).await.read::<EnrolDone>();
        door.app.clock.advance(Duration::from_secs(1));
        assert_eq!(door.enrol(&code, &one).await.refusal(), (404, "code_inconnu".into()));
    }
}

#[tokio::test]
async fn ten_codes_a_minute_may_be_tried_and_no_eleventh() {
    let fresh = crate::place::on_sqlite().await;
    let door = open(at_noon(&fresh)).await;
    let hello = EnrolHello { code_name: [1; 16].into(), public_key: [2; 32].into(), nonce: [3; 32].into() };
    for _ in 0..CODE_TRIES_PER_MINUTE {
        assert_eq!(door.ask("/sync/v1/enrol/hello", None, &hello).await.refusal(), (404, "code_inconnu".into()));
    }
    assert_eq!(door.ask("/sync/v1/enrol/hello", None, &hello).await.refusal(), (429, "trop_d_essais".into()));
    door.app.clock.advance(Duration::from_secs(60));
    assert_eq!(door.ask("/sync/v1/enrol/hello", None, &hello).await.refusal().0, 404);
}

#[tokio::test]
async fn neither_the_code_nor_a_token_lies_in_the_database() {
    let fresh = crate::place::on_sqlite().await;
    let app = at_noon(&fresh);
    let here = commune(&app, "A").await;
    let door = open(app).await;
    let code = door.code(here.site).await;
    assert_eq!(code.len(), 14);
    let bare = code.replace('-', "");
    let tablet = door.tablet(&here).await;
    let territory = Territory::new(door.app.territoire(), door.app.db.read());
    let codes = territory.find::<enrolment_code::Entity>().all(&territory.on()).await.unwrap();
    assert!(codes.iter().any(|c| c.code_hash == derived(&code).0), "found by its derived name");
    assert!(!format!("{codes:?}").contains(&bare));
    let sessions = territory.find::<sync_session::Entity>().all(&territory.on()).await.unwrap();
    assert!(!format!("{sessions:?}").contains(&tablet.token));
}

on_both! {
    async fn a_session_is_opened_once_by_its_key_and_lives_an_hour(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let tablet = door.tablet(&here).await;
        let proof = tablet.proof(&door).await;
        door.ask("/sync/v1/session", None, &proof).await.read::<shared::wire::Session>();
        assert_eq!(door.ask("/sync/v1/session", None, &proof).await.refusal(), (409, "defi_inconnu".into()), "a replay");
        let mut forged = tablet.proof(&door).await;
        forged.signature = sign(&a_key(), b"whatever").into();
        assert_eq!(door.ask("/sync/v1/session", None, &forged).await.refusal(), (403, "preuve_fausse".into()));
        let mut doubled = tablet.proof(&door).await;
        doubled.epoch = 2;
        assert_eq!(door.ask("/sync/v1/session", None, &doubled).await.refusal(), (409, "epoque_perdue".into()));
        assert_eq!(tablet.pull_raw(&door, 0, "").await.status, 200);
        door.app.clock.advance(Duration::from_secs(u64::from(SESSION_LIFE_S)));
        assert_eq!(tablet.pull_raw(&door, 0, "").await.refusal(), (401, "session_expiree".into()));
        let mut nobody: Tablet = tablet.clone();
        nobody.token = "bm9ib2R5".into();
        assert_eq!(nobody.pull_raw(&door, 0, "").await.refusal(), (401, "session_expiree".into()));
    }
}

#[tokio::test]
async fn what_is_truncated_too_large_or_in_clear_gets_a_clear_answer() {
    let fresh = crate::place::on_sqlite().await;
    let app = at_noon(&fresh);
    let here = commune(&app, "A").await;
    let door = open(app).await;
    let tablet = door.tablet(&here).await;
    let token = Some(tablet.token.as_str());
    for path in ["/sync/v1/enrol/hello", "/sync/v1/enrol/confirm", "/sync/v1/session/hello", "/sync/v1/session"] {
        assert_eq!(door.post(path, None, r#"{"device":"#).await.refusal(), (400, "requete_illisible".into()), "{path}");
    }
    assert_eq!(door.post("/sync/v1/push", token, r#"{"entries":[{"envelope":"AA"#).await.refusal(), (400, "requete_illisible".into()));
    let limit = shared::wire::limits::BODY_BYTES_MAX;
    let filled = |bytes: usize| format!("{{\"entries\":[]{}}}", " ".repeat(bytes - 14));
    assert_eq!(door.post("/sync/v1/push", token, filled(limit)).await.status, 200, "at the limit");
    assert_eq!(door.post("/sync/v1/push", token, filled(limit + 1)).await.refusal(), (413, "requete_trop_grande".into()));
    let plain = reqwest::Client::builder().tls_backend_preconfigured(any_tls()).build().unwrap();
    let answer = plain.post(format!("http://{}/sync/v1/session/hello", door.at)).body("{}").send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 426);
    let answer = plain.get(format!("http://{}/sante", door.at)).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200, "the same port speaks http to browsers");
    assert!(answer.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
}

fn any_tls() -> rustls::ClientConfig {
    rustls::ClientConfig::builder_with_provider(std::sync::Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth()
}

#[tokio::test]
async fn another_authority_is_not_believed() {
    let fresh = crate::place::on_sqlite().await;
    let door = open(at_noon(&fresh)).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let other = Authority::open(elsewhere.path(), door.app.territoire()).unwrap();
    let stranger = trusting(other.certificate());
    assert!(stranger.get(format!("https://{}/sante", door.at)).send().await.is_err());
    assert!(door.client.get(format!("https://{}/sante", door.at)).send().await.is_ok());
}

on_both! {
    async fn each_route_that_changes_something_leaves_a_line(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here: Commune = commune(&app, "A").await;
        let door = open(app).await;
        let mut tablet = door.tablet(&here).await;
        let entry = tablet.arrival(door.app.clock.now());
        tablet.push(&door, &[entry]).await;
        let book = Territory::new(door.app.territoire(), door.app.db.read()).tenant(OrganisationId(door.app.territoire().0));
        let mut lines = book.find::<audit::Entity>().all(&book.on()).await.unwrap();
        lines.sort_by_key(|l| l.number);
        let routes: Vec<&str> = lines.iter().map(|l| l.route.as_str()).filter(|route| *route != "init").collect();
        assert_eq!(routes, ["POST /sync/v1/enrol/confirm", "POST /sync/v1/session", "POST /sync/v1/push"]);
        for (before, line) in lines.iter().zip(&lines[1..]) {
            assert_eq!(line.prev_hash, before.hash);
            assert_eq!(line.hash, server::identity::audit::hash(line));
        }
    }
}
