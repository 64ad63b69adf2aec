//! Bytes that no tablet sends, at every route: a clear refusal, no panic, and nothing half done.

use super::tablet::{Answer, Door, Tablet, at_noon, open};
use crate::on_both;
use crate::world::commune;
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use sea_orm::PaginatorTrait;
use serde_json::Value;
use server::store::Territory;
use server::store::entity::{alert, device, enrolment_code, held_entry, journal_entry, journal_payload, quarantine, site_change};
use server::sync::publish;
use server::sync::routes::ROUTES;
use shared::journal::SigningKey;
use shared::wire::limits::{BODY_BYTES_MAX, PUSH_ENTRIES_MAX};
use shared::wire::{EpochAsk, EpochReason, PhotoAsk, Pull, Push, SessionHello, TabletReport, WireEntry};
use std::io::Write;

/// Bodies a route and engine.
const CASES: u32 = 40;

/// What happens to a body that a tablet could send.
#[derive(Debug, Clone)]
enum Harm {
    Raw(Vec<u8>),
    Cut(Index),
    Changed(Vec<(Index, u8)>),
    /// A value somewhere in it becomes another one.
    Value(Index, Odd),
    /// Its members are asked for in a list, or nested too deep.
    Nested(u8),
}

#[derive(Debug, Clone)]
enum Odd {
    Null,
    Number(i64),
    Text(String),
    List,
}

fn harm() -> impl Strategy<Value = Harm> {
    let byte = prop_oneof![any::<u8>(), prop::sample::select(b"0123456789\"{}[],:-.eE\\".to_vec())];
    let odd = prop_oneof![
        Just(Odd::Null),
        prop_oneof![any::<i64>(), Just(-1), Just(i64::MAX)].prop_map(Odd::Number),
        prop_oneof![Just(String::new()), "[A-Za-z0-9+/]{1,90}={0,2}", Just("\u{0}".into()), any::<String>()].prop_map(Odd::Text),
        Just(Odd::List),
    ];
    prop_oneof![
        1 => prop::collection::vec(any::<u8>(), 0..300).prop_map(Harm::Raw),
        2 => any::<Index>().prop_map(Harm::Cut),
        3 => prop::collection::vec((any::<Index>(), byte), 1..4).prop_map(Harm::Changed),
        4 => (any::<Index>(), odd).prop_map(|(at, odd)| Harm::Value(at, odd)),
        1 => any::<u8>().prop_map(Harm::Nested),
    ]
}

impl Harm {
    fn done_to(&self, body: &[u8]) -> Vec<u8> {
        let mut harmed = body.to_vec();
        match self {
            Self::Raw(raw) => harmed.clone_from(raw),
            Self::Cut(at) => harmed.truncate(at.index(body.len())),
            Self::Changed(bytes) => bytes.iter().for_each(|(at, byte)| harmed[at.index(body.len())] = *byte),
            Self::Value(at, odd) => {
                let mut value: Value = serde_json::from_slice(body).unwrap();
                let mut leaves = count(&value);
                leaves = at.index(leaves);
                replace(&mut value, &mut leaves, odd);
                harmed = serde_json::to_vec(&value).unwrap();
            }
            Self::Nested(depth) => {
                let depth = usize::from(*depth) * 4 + 1;
                harmed = [vec![b'['; depth], harmed, vec![b']'; depth]].concat();
            }
        }
        harmed
    }
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Object(members) => members.values().map(count).sum(),
        Value::Array(items) => items.iter().map(count).sum::<usize>(),
        _ => 0,
    }
}

fn replace(value: &mut Value, left: &mut usize, odd: &Odd) {
    if *left == 0 {
        *value = match odd {
            Odd::Null => Value::Null,
            Odd::Number(number) => (*number).into(),
            Odd::Text(text) => text.clone().into(),
            Odd::List => vec![Value::Null; 3].into(),
        };
        *left = usize::MAX;
        return;
    }
    *left -= 1;
    let inner: Vec<&mut Value> = match value {
        Value::Object(members) => members.values_mut().collect(),
        Value::Array(items) => items.iter_mut().collect(),
        _ => return,
    };
    for value in inner {
        if *left == usize::MAX {
            return;
        }
        replace(value, left, odd);
    }
}

/// How many rows stand where a refused request could leave one.
async fn rows(door: &Door, tablet: &Tablet) -> Vec<u64> {
    let territory = Territory::new(door.app.territoire(), door.app.db.read());
    let (tenant, on) = (territory.tenant(tablet.here.organisation), territory.on());
    vec![
        tenant.find::<journal_entry::Entity>().count(&on).await.unwrap(),
        tenant.find::<journal_payload::Entity>().count(&on).await.unwrap(),
        territory.find::<quarantine::Entity>().count(&on).await.unwrap(),
        territory.find::<held_entry::Entity>().count(&on).await.unwrap(),
        territory.find::<site_change::Entity>().count(&on).await.unwrap(),
        territory.find::<alert::Entity>().count(&on).await.unwrap(),
        territory.find::<device::Entity>().count(&on).await.unwrap(),
        territory.find::<enrolment_code::Entity>().count(&on).await.unwrap(),
    ]
}

/// A body that a route takes, as this tablet would send it.
async fn good(door: &Door, tablet: &mut Tablet, path: &str) -> Vec<u8> {
    match path {
        "/sync/v1/enrol/hello" | "/sync/v1/enrol/confirm" => {
            let code = door.code(tablet.here.site).await;
            let confirm = door.confirmation(&code, &SigningKey::from_bytes(&[7; 32])).await.ok().unwrap();
            let hello =
                serde_json::json!({"code_name": confirm.code_name, "public_key": confirm.public_key, "nonce": confirm.device_nonce});
            if path.ends_with("hello") { serde_json::to_vec(&hello).unwrap() } else { serde_json::to_vec(&confirm).unwrap() }
        }
        "/sync/v1/session/hello" => serde_json::to_vec(&SessionHello { device: tablet.device }).unwrap(),
        "/sync/v1/session" => serde_json::to_vec(&tablet.proof(door).await).unwrap(),
        "/sync/v1/epoch" => {
            let nonce = tablet.proof(door).await.nonce;
            let ask = EpochAsk {
                device: tablet.device,
                nonce,
                signature: [0; 64].into(),
                request: [7; 32].into(),
                epoch: 1,
                last_epoch: 0,
                last_seq: 0,
                last_hash: [0; 32].into(),
                reason: EpochReason::Restored,
            };
            serde_json::to_vec(&ask).unwrap()
        }
        "/sync/v1/push" => {
            let entries = [tablet.arrival(door.app.clock.now()), tablet.arrival(door.app.clock.now())];
            serde_json::to_vec(&Push { entries: entries.iter().map(WireEntry::from).collect() }).unwrap()
        }
        "/sync/v1/photo" => {
            let item = format!("child:{}", tablet.here.child);
            serde_json::to_vec(&PhotoAsk { item, hash: [7; 32].into() }).unwrap()
        }
        _ => serde_json::to_vec(&Pull { cursor: 0, server_epoch: String::new(), report: Some(TabletReport::default()), snapshot: None })
            .unwrap(),
    }
}

on_both! {
    async fn whatever_a_body_holds_a_route_answers_clearly_and_does_nothing_by_halves(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let mut tablet = door.tablet(&here).await;
        let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
        for route in ROUTES {
            for case in 0..CASES {
                // Another minute: tries of codes are counted by it.
                door.app.clock.advance(std::time::Duration::from_secs(60));
                if case % 20 == 0 {
                    tablet.open_session(&door).await;
                }
                let body = good(&door, &mut tablet, route.path).await;
                let harm = harm().new_tree(&mut runner).unwrap().current();
                let harmed = harm.done_to(&body);
                // What the site is to be told of the devices that came in is due whoever asks next: no half of a refused request.
                publish::due_sites(&door.app).await.unwrap();
                let before = rows(&door, &tablet).await;
                let answer = door.post(route.path, Some(&tablet.token), harmed.clone()).await;
                let seen = || format!("{} {harm:?}\n{}\n{} {}", route.path, String::from_utf8_lossy(&harmed), answer.status, answer.body);
                if answer.status == 200 {
                    continue;
                }
                assert!((400..500).contains(&answer.status), "{}", seen());
                let (_, code) = answer.refusal();
                assert!(!code.is_empty(), "{}", seen());
                assert_eq!(before, rows(&door, &tablet).await, "{}", seen());
            }
        }
        // And the desk works as before.
        tablet.open_session(&door).await;
        let entry = door.tablet(&here).await.arrival(door.app.clock.now());
        assert_eq!(tablet.verdicts(&door, &[entry]).await, ["accepted"]);
    }
}

fn gzipped(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

async fn post_as(door: &Door, tablet: &Tablet, encoding: &str, body: Vec<u8>) -> Answer {
    let request = door.client.post(format!("https://{}/sync/v1/push", door.at)).bearer_auth(&tablet.token);
    let response = request.header("content-encoding", encoding).body(body).send().await.unwrap();
    Answer { status: response.status().as_u16(), body: response.text().await.unwrap() }
}

/// A push of some entries whose body is so long, by spaces after it.
fn padded(entries: &[shared::journal::Sealed], bytes: usize) -> Vec<u8> {
    let mut body = serde_json::to_vec(&Push { entries: entries.iter().map(WireEntry::from).collect() }).unwrap();
    assert!(body.len() <= bytes);
    body.resize(bytes, b' ');
    body
}

on_both! {
    async fn a_push_is_taken_at_each_limit_and_refused_one_over(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let mut tablet = door.tablet(&here).await;
        let mut entries: Vec<_> = (0..=PUSH_ENTRIES_MAX).map(|_| tablet.arrival(door.app.clock.now())).collect();
        assert_eq!(tablet.push_raw(&door, &entries).await.refusal(), (413, "trop_d_entrees".into()));
        let last = entries.pop().unwrap();
        assert_eq!(tablet.verdicts(&door, &entries).await, ["accepted"; PUSH_ENTRIES_MAX]);
        let one = std::slice::from_ref(&last);
        let over = padded(one, BODY_BYTES_MAX + 1);
        for (encoding, body) in [("identity", over.clone()), ("gzip", gzipped(&over))] {
            assert_eq!(post_as(&door, &tablet, encoding, body).await.refusal(), (413, "requete_trop_grande".into()), "{encoding}");
        }
        let full = padded(one, BODY_BYTES_MAX);
        assert_eq!(post_as(&door, &tablet, "gzip", gzipped(&full)).await.status, 200);
        assert_eq!(post_as(&door, &tablet, "identity", full).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bomb_is_answered_with_what_to_do_and_gzip_that_is_none_with_what_it_is() {
    let fresh = crate::place::on_sqlite().await;
    let app = at_noon(&fresh);
    let here = commune(&app, "A").await;
    let door = open(app).await;
    let mut tablet = door.tablet(&here).await;
    let bomb = gzipped(&vec![b' '; 200 * BODY_BYTES_MAX]);
    assert!(bomb.len() < BODY_BYTES_MAX / 2, "it looks like an honest push");
    let answer = post_as(&door, &tablet, "gzip", bomb).await;
    assert_eq!(answer.refusal(), (413, "requete_trop_grande".into()));
    assert!(answer.body.contains("envoyer moins à la fois"), "{}", answer.body);
    // Compressed again and again: one layer is taken off, and what is left isn't JSON.
    let nested = gzipped(&gzipped(&padded(&[], 10_000)));
    assert_eq!(post_as(&door, &tablet, "gzip", nested.clone()).await.refusal(), (400, "requete_illisible".into()));
    for encoding in ["gzip, gzip", "br", "zstd", "deflate", "\u{e9}"] {
        let answer = post_as(&door, &tablet, encoding, nested.clone()).await;
        assert_eq!(answer.refusal(), (415, "encodage_inconnu".into()), "{encoding}");
    }
    let twice = door.client.post(format!("https://{}/sync/v1/push", door.at)).bearer_auth(&tablet.token);
    let twice = twice.header("content-encoding", "gzip").header("content-encoding", "gzip").body(nested).send().await.unwrap();
    assert_eq!(twice.status().as_u16(), 415, "said in two lines, it is two layers all the same");
    let whole = gzipped(&padded(&[tablet.arrival(door.app.clock.now())], 5_000));
    for cut in [0, 1, 9, 10, whole.len() / 2, whole.len() - 1] {
        assert_eq!(post_as(&door, &tablet, "gzip", whole[..cut].to_vec()).await.refusal(), (400, "requete_illisible".into()), "{cut}");
    }
    assert_eq!(post_as(&door, &tablet, "gzip", whole).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_tablet_can_unpack_is_sent_packed_and_an_older_one_gets_it_plain() {
    let fresh = crate::place::on_sqlite().await;
    let app = at_noon(&fresh);
    let here = commune(&app, "A").await;
    let door = open(app).await;
    let mut tablet = door.tablet(&here).await;
    let proof = serde_json::to_vec(&tablet.proof(&door).await).unwrap();
    let session = door.client.post(format!("https://{}/sync/v1/session", door.at)).body(proof).send().await.unwrap();
    assert_eq!(session.headers()["accept-encoding"], "gzip", "it may compress from now on");
    tablet.open_session(&door).await;
    let ask = async |accepted: Option<&str>| {
        let mut request = door.client.post(format!("https://{}/sync/v1/pull", door.at)).bearer_auth(&tablet.token);
        if let Some(accepted) = accepted {
            request = request.header("accept-encoding", accepted);
        }
        let answer = request.body(r#"{"cursor":0,"server_epoch":""}"#).send().await.unwrap();
        let encoding = answer.headers().get("content-encoding").map(|v| v.to_str().unwrap().to_owned());
        (encoding, answer.bytes().await.unwrap())
    };
    let (encoding, plain) = ask(None).await;
    assert_eq!(encoding, None);
    assert!(serde_json::from_slice::<Value>(&plain).is_ok());
    let (encoding, packed) = ask(Some("gzip")).await;
    assert_eq!(encoding.as_deref(), Some("gzip"));
    assert!(packed.len() * 2 < plain.len(), "{} bytes of {}", packed.len(), plain.len());
    let mut unpacked = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&packed[..]), &mut unpacked).unwrap();
    assert_eq!(unpacked, plain);
}
