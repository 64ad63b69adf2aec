//! What the server gives the tablets of a site for each other: certificates, and the keys of the others.

use super::tablet::{Door, Tablet, at_noon, open};
use crate::on_both;
use crate::world::commune;
use rustls::RootCertStore;
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use server::identity::audit::Act;
use server::store::Territory;
use server::sync::{Desk, fleet};
use shared::journal::SigningKey;
use shared::roster::{Device, Item};
use shared::wire::peers::PEERS;
use shared::wire::{Change, ChangeBody, EnrolDone, PeerCertificate, PullAnswer, Session};
use std::sync::Arc;
use std::time::Duration;

const DAY_MS: i64 = 86_400_000;

async fn session(door: &Door, tablet: &Tablet, capable: bool, until_ms: Option<i64>) -> Session {
    let mut proof = tablet.proof(door).await;
    proof.capabilities = if capable { vec![PEERS.into()] } else { vec![] };
    proof.certificate_until_ms = until_ms;
    door.ask("/sync/v1/session", None, &proof).await.read()
}

async fn revoke(door: &Door, tablet: &Tablet) {
    let transaction = door.app.db.begin().await.unwrap();
    let territory = Territory::new(door.app.territoire(), &transaction);
    assert!(fleet::revoke(&territory, tablet.device.0, door.app.clock.now(), Act::command("essai")).await.unwrap());
    transaction.commit().await.unwrap();
}

/// Whether the authority vouches for a client, and for a server, a second before and after an instant.
fn vouched(authority: &[u8], given: &PeerCertificate, at_ms: i64) -> (bool, bool) {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let (mut roots, der) = (RootCertStore::empty(), CertificateDer::from(given.certificate.0.clone()));
    roots.add(authority.to_vec().into()).unwrap();
    let at = UnixTime::since_unix_epoch(Duration::from_millis(u64::try_from(at_ms).unwrap()));
    let parsed = ParsedCertificate::try_from(&der).unwrap();
    let server = verify_server_cert_signed_by_trust_anchor(&parsed, &roots, &[], at, provider.signature_verification_algorithms.all);
    let client = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
    (client.verify_client_cert(&der, &[], at).is_ok(), server.is_ok())
}

fn names(given: &PeerCertificate, text: &str) -> bool {
    given.certificate.0.windows(text.len()).any(|bytes| bytes == text.as_bytes())
}

on_both! {
    async fn enrolment_gives_a_certificate_of_thirty_days_for_the_tablets_own_key_and_for_no_other_use(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let (code, key) = (door.code(here.site).await, SigningKey::from_bytes(&[8; 32]));
        let done: EnrolDone = door.enrol(&code, &key).await.read();
        let given = done.certificate.unwrap();
        let authority = Desk::open(&door.app).unwrap().authority;
        let now_ms = door.app.clock.now_ms();
        assert_eq!(vouched(authority.certificate(), &given, now_ms), (true, false), "a tablet's certificate stands for no server");
        assert!((29 * DAY_MS..=30 * DAY_MS).contains(&(given.until_ms - now_ms)));
        assert!(vouched(authority.certificate(), &given, given.until_ms - 1_000).0);
        assert!(!vouched(authority.certificate(), &given, given.until_ms + 1_000).0);
        assert!(given.certificate.0.windows(32).any(|bytes| bytes == key.verifying_key().as_bytes()));
        assert!(names(&given, &format!("preau:device:{}", done.device)) && names(&given, &format!("preau:site:{}", done.site)));
        assert!(done.organisations.iter().all(|organisation| names(&given, &format!("preau:organisation:{organisation}"))));
        assert!(!names(&given, &done.site_name) && !names(&given, "entrée"));
    }
}

on_both! {
    async fn a_session_renews_what_ends_in_less_than_twenty_days_for_a_tablet_that_can_use_it(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let tablet = door.tablet(&here).await;
        let until = |days: i64| Some(door.app.clock.now_ms() + days * DAY_MS);
        assert!(session(&door, &tablet, true, None).await.certificate.is_some());
        assert!(session(&door, &tablet, true, until(19)).await.certificate.is_some());
        assert!(session(&door, &tablet, true, until(21)).await.certificate.is_none());
        assert!(session(&door, &tablet, false, None).await.certificate.is_none(), "an older tablet is told nothing new");
        revoke(&door, &tablet).await;
        assert!(session(&door, &tablet, true, None).await.certificate.is_none(), "a revoked one gets none");
    }
}

on_both! {
    async fn tablets_are_told_the_keys_of_their_sites_devices_and_at_once_that_one_was_revoked(fresh: &Fresh) {
        let app = at_noon(fresh);
        let (here, there) = (commune(&app, "A").await, commune(&app, "B").await);
        let door = open(app).await;
        let (first, second, elsewhere) = (door.tablet(&here).await, door.tablet(&here).await, door.tablet(&there).await);
        let all = first.pull(&door).await;
        let before = devices(&all.changes);
        let of_second = before.iter().find(|d| d.id == second.device).unwrap();
        assert_eq!(of_second.key.array(), Some(second.key.verifying_key().to_bytes()));
        assert!(!of_second.revoked && !of_second.server);
        assert_eq!(before.iter().filter(|d| d.server).count(), 1, "the server's own, which observes clocks");
        assert!(before.iter().all(|d| d.id != elsewhere.device));
        revoke(&door, &second).await;
        let news: PullAnswer = first.pull_raw(&door, all.cursor, &all.server_epoch).await.read();
        let after = devices(&news.changes);
        assert_eq!((after.len(), news.changes.len()), (1, 1), "nothing else has changed");
        assert!(after[0].id == second.device && after[0].revoked);
    }
}

fn devices(changes: &[Change]) -> Vec<Device> {
    let device = |change: &Change| if let ChangeBody::Put(Item::Device(device)) = &change.body { Some(device.clone()) } else { None };
    changes.iter().filter_map(device).collect()
}
