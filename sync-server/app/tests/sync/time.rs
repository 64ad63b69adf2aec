//! The time in the authority's word: for anyone who asks, over TLS, and not without end.

use super::tablet::{NOON, at_noon, open};
use crate::on_both;
use rustls::pki_types::CertificateDer;
use serde_json::json;
use server::sync::authority::Authority;
use shared::calendar::Instant;
use shared::wire::limits::TIMES_PER_MINUTE;
use shared::wire::{TimeAsk, TimeTold, time_bytes};
use std::time::Duration;

const TIME: &str = "/sync/v1/time";

on_both! {
    async fn the_authority_signs_the_server_s_time_over_the_tablet_s_nonce(fresh: &Fresh) {
        let app = at_noon(fresh);
        let authority = Authority::open(&app.data_dir, app.territoire()).unwrap().certificate().to_vec();
        let der = CertificateDer::from(authority);
        let authority = webpki::EndEntityCert::try_from(&der).unwrap();
        let door = open(app).await;
        let nonce = [7; 32];
        let told: TimeTold = door.ask(TIME, None, &TimeAsk { nonce: nonce.into() }).await.read();
        let noon: Instant = NOON.parse().unwrap();
        assert_eq!(told.server_ms, noon.timestamp_millis());
        let signs = |nonce: &[u8; 32], server_ms| {
            let said = time_bytes(nonce, server_ms);
            authority.verify_signature(webpki::ring::ECDSA_P256_SHA256, &said, &told.signature.0).is_ok()
        };
        assert!(signs(&nonce, told.server_ms));
        assert!(!signs(&nonce, told.server_ms + 1) && !signs(&[8; 32], told.server_ms), "this time, over this nonce");
        door.app.clock.advance(Duration::from_secs(90));
        let later: TimeTold = door.ask(TIME, None, &TimeAsk { nonce: nonce.into() }).await.read();
        assert_eq!(later.server_ms - told.server_ms, 90_000);
    }
}

on_both! {
    async fn a_request_for_the_time_that_is_none_is_refused(fresh: &Fresh) {
        let door = open(at_noon(fresh)).await;
        let of = |bytes: &[u8]| TimeAsk { nonce: bytes.into() };
        for nonce in [&[][..], &[1; 31], &[1; 33], &[1; 4_096]] {
            assert_eq!(door.ask(TIME, None, &of(nonce)).await.refusal(), (400, "requete_illisible".into()), "{}", nonce.len());
        }
        for body in [json!({}), json!({"nonce": null}), json!({"nonce": "pas du base 64 !"}), json!([])] {
            assert_eq!(door.ask(TIME, None, &body).await.refusal(), (400, "requete_illisible".into()), "{body}");
        }
        assert_eq!(door.post(TIME, None, "x".repeat(1_100_000)).await.refusal(), (413, "requete_trop_grande".into()));
        let plain = door.client.post(format!("http://{}{TIME}", door.at)).json(&of(&[1; 32])).send().await.unwrap();
        assert_eq!(plain.status(), 426, "never without TLS");
    }
}

on_both! {
    async fn an_address_hears_the_time_as_often_as_a_town_s_tablets_need_and_no_more(fresh: &Fresh) {
        let door = open(at_noon(fresh)).await;
        let ask = TimeAsk { nonce: [7; 32].into() };
        for _ in 0..TIMES_PER_MINUTE {
            assert_eq!(door.ask(TIME, None, &ask).await.status, 200);
        }
        assert_eq!(door.ask(TIME, None, &ask).await.refusal(), (429, "trop_d_heures".into()));
        door.app.clock.advance(Duration::from_secs(60));
        assert_eq!(door.ask(TIME, None, &ask).await.status, 200, "a new minute");
    }
}
