//! What a fuzzer found once, and what it may never find again: each claim by itself (`tests/fuzz` asks much more).

use crate::identity::browser::{MOTHER, PASSWORD, open};
use crate::office::{all_roles, at_desk, csrf, ids, issued};
use crate::on_both;
use crate::sync::tablet::{at_noon, sign};
use crate::world::commune;
use shared::id::BootId;
use shared::wire::{SessionProof, session_bytes};

/// Days that a calendar can name and no week can hold; years that PostgreSQL or people don't count in.
const ENDS: [&str; 6] = ["-262143-01-01", "%2B262142-12-31", "9999-12-31", "0000-01-01", "-4714-01-01", "1582-10-10"];

on_both! {
    async fn a_zero_byte_is_refused_at_the_door_wherever_it_stands(fresh: &Fresh) {
        let house = open(fresh).await.with_mother().await;
        let (agent, _) = at_desk(&house, "agent@exemple.fr", &house.a, &all_roles()).await;
        for path in ["/bureau/%00", "/bureau/A/journee/%00", "/bureau/A/paiements?cherche=%00", "/connexion?suite=/%00"] {
            let page = agent.get(path).await;
            assert!(page.status == 400 && page.text.contains("Ce n’est pas du texte"), "{path}: {page:?}");
        }
        let token = csrf(&agent, "A").await;
        let fields = [("csrf", token.as_str()), ("motif", "a\0b"), ("date", "2026-09-28"), ("enfant", "E-A")];
        let page = agent.post_raw("/bureau/A/journee/PERI/presence", &fields, &[]).await;
        assert_eq!(page.status, 400, "{page:?}");
        let page = house.browser().submit("/connexion", "/connexion", &[("login", "a\0b@exemple.fr"), ("password", "x")]).await;
        assert_eq!(page.status, 400, "{page:?}");
    }
}

on_both! {
    async fn a_day_at_the_calendar_s_ends_is_no_day_of_a_page(fresh: &Fresh) {
        let house = open(fresh).await;
        let (agent, _) = at_desk(&house, "agent@exemple.fr", &house.a, &all_roles()).await;
        let token = csrf(&agent, "A").await;
        for day in ENDS {
            for path in [format!("/bureau/A/journee/PERI?date={day}"), format!("/bureau/A/actes?jour={day}")] {
                let page = agent.get(&path).await;
                assert!(page.status == 422 && page.text.contains("n’est pas un jour"), "{path}: {page:?}");
            }
            let fields = [("csrf", token.as_str()), ("date", &day.replace("%2B", "+"))];
            assert_eq!(agent.post_raw("/bureau/A/journee/PERI/signature", &fields, &[]).await.status, 422, "{day}");
        }
        for month in ["9999-12", "0000-01"] {
            assert_eq!(agent.get(&format!("/bureau/A/facturation?mois={month}")).await.status, 200, "{month}");
        }
    }
}

on_both! {
    async fn a_tablet_s_clocks_may_say_anything(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = crate::sync::tablet::open(app).await;
        let tablet = door.tablet(&here).await;
        let longest = i64::MAX.cast_unsigned();
        for (boottime_ms, wall_ms) in [(0, i64::MIN), (longest, i64::MAX), (1, -1), (longest, 0)] {
            let boot = BootId(uuid::Uuid::from_u128(u128::from(boottime_ms) << 64 | u128::from(wall_ms.cast_unsigned()) | 1));
            let asked = tablet.proof(&door).await;
            let said = session_bytes(&asked.nonce.0, asked.device, boot, boottime_ms, wall_ms);
            let proof = SessionProof { boot, boottime_ms, wall_ms, signature: sign(&tablet.key, &said).into(), ..asked };
            let answer = door.ask("/sync/v1/session", None, &proof).await;
            assert_eq!(answer.status, 200, "{boottime_ms} {wall_ms}: {}", answer.body);
        }
    }
}

on_both! {
    async fn a_text_longer_than_anything_is_looked_for_and_not_found(fresh: &Fresh) {
        let house = crate::office::open(fresh).await;
        let (agent, _) = at_desk(&house, "agent@exemple.fr", &house.a, &all_roles()).await;
        issued(&house, &house.a).await;
        let payment = ids(&house, "A").await.payment.unwrap();
        let fields = [("csrf", csrf(&agent, "A").await), ("decision", "rien".into()), ("motif", "vu avec la trésorerie".into())];
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        // A row is there to be compared with: an engine looks at no pattern before.
        assert_eq!(agent.post_raw(&format!("/bureau/A/paiements/{payment}"), &fields, &[]).await.status, 303);
        let long = "x".repeat(60_000);
        for path in ["paiements?cherche=", "familles?cherche=", "facturation?mois=2026-09&cherche="] {
            assert_eq!(agent.get(&format!("/bureau/A/{path}{long}")).await.status, 200, "{path}");
        }
        for odd in ["%25", "%5C", "_%25%5C"] {
            assert_eq!(agent.get(&format!("/bureau/A/paiements?cherche={odd}")).await.status, 200, "{odd}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_is_too_long_to_come_back_to_leads_to_the_log_in_alone() {
    let fresh = crate::place::on_sqlite().await;
    let house = open(&fresh).await;
    let short = house.browser().get("/famille?mois=2026-10").await;
    assert_eq!(short.to, "/connexion?suite=%2Ffamille%3Fmois%3D2026-10");
    for path in ["/famille?mois=", "/bureau/A?date="] {
        let long = house.browser().get(&format!("{path}{}", "%C3%A9".repeat(5_000))).await;
        assert_eq!((long.status, long.to.as_str()), (303, "/connexion?suite="), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_framework_says_by_itself_is_a_page_of_ours() {
    let fresh = crate::place::on_sqlite().await;
    let house = open(&fresh).await.with_mother().await;
    let (agent, _) = at_desk(&house, "agent@exemple.fr", &house.a, &all_roles()).await;
    for path in [
        "/bureau/A/facturation?page=abc",
        "/bureau/A/facturation?page=99999999999999999999999",
        "/bureau/A/journee/%FF",
        "/bureau/A?a=1&a=%FF",
    ] {
        let page = agent.get(path).await;
        let is_ours = page.text.contains("<html lang=\"fr\">");
        assert!(matches!(page.status, 200 | 400) && is_ours && !page.text.contains("Failed"), "{path}: {page:?}");
    }
    let mother = house.browser();
    mother.log_in(MOTHER, PASSWORD).await;
    let page = mother.submit("/famille", "/famille/factures", &[]).await;
    assert!(page.status == 405 && page.text.contains("Cette page ne s’ouvre pas ainsi"), "{page:?}");
}
