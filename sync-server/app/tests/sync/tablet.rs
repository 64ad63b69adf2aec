//! A server on a real port and tablets that speak to it over real TLS, as the wire says and not as our client does.

use crate::place::Fresh;
use crate::world::Commune;
use axum_server::Handle;
use chrono::NaiveDate;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Client;
use server::app::App;
use server::clock::Clock;
use server::serve::{Server, listen};
use server::store::{Territory, random};
use server::sync::Desk;
use server::sync::enrol::new_code;
use sha2::Sha256;
use shared::calendar::Instant;
use shared::id::{BootId, DeviceId, EntryId, SiteId, uuid_v7};
use shared::journal::{ChainHead, Detail, Draft, Kind, Moment, Payload, Place, Sealed, SigningKey, seal};
use shared::wire::{
    ENROL_ARGON2, ENROL_SALT, EnrolChallenge, EnrolConfirm, EnrolDone, EnrolHello, Pull, PullAnswer, Push, PushAnswer, Session,
    SessionChallenge, SessionHello, SessionProof, Succession, WireEntry, enrolment_keys, enrolment_transcript, normalised_code,
    session_bytes, succession_bytes,
};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

/// The instant at which these tests begin: a Monday at noon in Paris.
pub const NOON: &str = "2026-10-05T10:00:00Z";

/// A server that listens, on a clock that the test moves.
pub struct Door {
    pub app: App,
    pub at: SocketAddr,
    pub client: Client,
    pub desk: Desk,
    handle: Handle<SocketAddr>,
}

impl Drop for Door {
    fn drop(&mut self) {
        self.handle.shutdown();
    }
}

/// The installation on a manual clock.
pub fn at_noon(fresh: &Fresh) -> App {
    App { clock: Clock::manual(NOON.parse().unwrap()), ..fresh.app.clone() }
}

pub async fn open(app: App) -> Door {
    let server = Server::open(app.clone()).unwrap();
    let desk = server.desk.clone();
    let authority = server.desk.authority.certificate().to_vec();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (at, handle) = (listener.local_addr().unwrap(), Handle::new());
    tokio::spawn(listen(listener, server, handle.clone()));
    handle.listening().await.unwrap();
    Door { app, at, client: trusting(&authority), desk, handle }
}

/// A client that believes this authority and no other.
pub fn trusting(authority: &[u8]) -> Client {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(authority.to_vec().into()).unwrap();
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Client::builder().tls_backend_preconfigured(config).build().unwrap()
}

/// A status and a body.
pub struct Answer {
    pub status: u16,
    pub body: String,
}

impl Answer {
    pub fn read<T: serde::de::DeserializeOwned>(&self) -> T {
        assert_eq!(self.status, 200, "{}", self.body);
        serde_json::from_str(&self.body).unwrap()
    }

    /// The status and the stable code of a refusal.
    pub fn refusal(&self) -> (u16, String) {
        let problem: shared::wire::Problem = serde_json::from_str(&self.body).unwrap();
        assert!(!problem.message.is_empty());
        (self.status, problem.code)
    }
}

impl Door {
    pub async fn post(&self, path: &str, token: Option<&str>, body: impl Into<reqwest::Body>) -> Answer {
        let mut request = self.client.post(format!("https://{}{path}", self.at)).body(body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        Answer { status: response.status().as_u16(), body: response.text().await.unwrap() }
    }

    pub async fn ask<T: serde::Serialize>(&self, path: &str, token: Option<&str>, body: &T) -> Answer {
        self.post(path, token, serde_json::to_vec(body).unwrap()).await
    }

    /// A code that an agent reads aloud.
    pub async fn code(&self, site: SiteId) -> String {
        let transaction = self.app.db.begin().await.unwrap();
        let territory = Territory::new(self.app.territoire(), &transaction);
        let code = new_code(&territory, site, "essai", self.app.clock.now()).await.unwrap();
        transaction.commit().await.unwrap();
        code
    }

    pub async fn tablet(&self, commune: &Commune) -> Tablet {
        let code = self.code(commune.site).await;
        let key = SigningKey::from_bytes(&random().unwrap());
        let done: EnrolDone = self.enrol(&code, &key).await.read();
        let mut tablet = Tablet::new(done.device, *commune, key);
        tablet.open_session(self).await;
        tablet
    }

    /// Both steps of an enrolment; the answer of the one that said no, or of the last.
    pub async fn enrol(&self, code: &str, key: &SigningKey) -> Answer {
        match self.confirmation(code, key).await {
            Ok(confirm) => self.confirm(&confirm).await,
            Err(answer) => answer,
        }
    }

    pub async fn confirm(&self, confirm: &EnrolConfirm) -> Answer {
        self.ask("/sync/v1/enrol/confirm", None, confirm).await
    }

    /// The first step: what a tablet answers to the server's challenge.
    pub async fn confirmation(&self, code: &str, key: &SigningKey) -> Result<EnrolConfirm, Answer> {
        self.confirmation_after(code, key, None).await
    }

    /// The same, for a key that goes on with the folder of an older tablet.
    pub async fn confirmation_after(&self, code: &str, key: &SigningKey, older: Option<&Tablet>) -> Result<EnrolConfirm, Answer> {
        let (name, secret) = derived(code);
        let public_key = key.verifying_key().to_bytes();
        let nonce: [u8; 32] = random().unwrap();
        let hello = EnrolHello { code_name: name.into(), public_key: public_key.into(), nonce: nonce.into() };
        let answer = self.ask("/sync/v1/enrol/hello", None, &hello).await;
        if answer.status != 200 {
            return Err(answer);
        }
        let challenge: EnrolChallenge = answer.read();
        let server_nonce = challenge.nonce.array().unwrap();
        let said = |side: &[u8]| enrolment_transcript(side, &public_key, &nonce, &server_nonce, &challenge.authority.0);
        mac(&secret, &said(b"server")).verify_slice(&challenge.proof.0).expect("the server knows the code");
        let said = said(b"device");
        Ok(EnrolConfirm {
            code_name: name.into(),
            public_key: public_key.into(),
            device_nonce: nonce.into(),
            server_nonce: server_nonce.into(),
            proof: mac(&secret, &said).finalize().into_bytes().as_slice().into(),
            signature: sign(key, &said).into(),
            device_name: "Tablette de l'entrée".into(),
            epoch: None,
            succeeds: older.map(|older| Succession { device: older.device, signature: sign(&older.key, &succession_bytes(&said)).into() }),
        })
    }
}

fn mac(key: &[u8], bytes: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::new_from_slice(key).unwrap();
    mac.update(bytes);
    mac
}

/// Ed25519, with what sealing needs in scope nowhere else.
pub fn sign(key: &SigningKey, said: &[u8]) -> [u8; 64] {
    use ed25519_dalek::Signer;
    key.sign(said).to_bytes()
}

pub fn derived(code: &str) -> ([u8; 16], [u8; 32]) {
    let code = normalised_code(code).unwrap();
    let (memory, passes, lanes) = ENROL_ARGON2;
    let params = argon2::Params::new(memory, passes, lanes, Some(32)).unwrap();
    let mut out = [0; 32];
    let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    argon2.hash_password_into(code.as_bytes(), ENROL_SALT, &mut out).unwrap();
    enrolment_keys(&out)
}

/// A tablet that is enrolled.
#[derive(Clone)]
pub struct Tablet {
    pub device: DeviceId,
    pub here: Commune,
    pub key: SigningKey,
    pub head: ChainHead,
    pub token: String,
    pub boot: BootId,
}

impl Tablet {
    pub fn new(device: DeviceId, here: Commune, key: SigningKey) -> Self {
        let boot = BootId(uuid_v7(0, random().unwrap()));
        Self { device, here, key, head: ChainHead::start(device), token: String::new(), boot }
    }

    /// What proves this tablet on a fresh nonce; its clocks read noon, and 1,000 s since it started.
    pub async fn proof(&self, door: &Door) -> SessionProof {
        let challenge: SessionChallenge = door.ask("/sync/v1/session/hello", None, &SessionHello { device: self.device }).await.read();
        let (boottime_ms, wall_ms) = (1_000_000, door.app.clock.now_ms());
        let said = session_bytes(&challenge.nonce.0, self.device, self.boot, boottime_ms, wall_ms);
        SessionProof {
            device: self.device,
            nonce: challenge.nonce,
            signature: sign(&self.key, &said).into(),
            epoch: self.head.place.epoch,
            boot: self.boot,
            boottime_ms,
            wall_ms,
            capabilities: vec![],
            version: "0.1.0".into(),
            certificate_until_ms: None,
        }
    }

    pub async fn open_session(&mut self, door: &Door) -> Session {
        let proof = self.proof(door).await;
        let session: Session = door.ask("/sync/v1/session", None, &proof).await.read();
        self.token.clone_from(&session.token);
        session
    }

    pub fn touch(&self, kind: &Kind, at: Instant, detail: Detail) -> Draft {
        let at_ms = at.timestamp_millis();
        let payload = Payload {
            about_child: Some(self.here.child),
            centre: Some(self.here.centre),
            boottime_ms: 1_000_000,
            boot: self.boot,
            moment: Moment { activity: Some(self.here.activity), label: "Accueil du soir".into() },
            roster_version: 1,
            detail,
            ..Payload::at(at_ms)
        };
        let entry_id = EntryId::new(at_ms, random().unwrap());
        Draft {
            organisation: self.here.organisation,
            site: self.here.site,
            entry_id,
            kind: kind.clone(),
            payload,
            notes: vec![],
            salt: random().unwrap(),
        }
    }

    /// Seals the next arrival of the chain.
    pub fn arrival(&mut self, at: Instant) -> Sealed {
        let draft = self.touch(&Kind::Arrived, at, Detail::None);
        self.seal(draft)
    }

    pub fn seal(&mut self, draft: Draft) -> Sealed {
        seal(draft, &mut self.head, &self.key)
    }

    /// Leaves numbers out, as a tablet that lost entries does.
    pub fn skip(&mut self, count: u64) {
        self.head.place = Place { seq: self.head.place.seq + count, ..self.head.place };
    }

    pub async fn push_raw(&self, door: &Door, entries: &[Sealed]) -> Answer {
        let push = Push { entries: entries.iter().map(WireEntry::from).collect() };
        door.ask("/sync/v1/push", Some(&self.token), &push).await
    }

    pub async fn push(&self, door: &Door, entries: &[Sealed]) -> PushAnswer {
        self.push_raw(door, entries).await.read()
    }

    /// The verdicts of a push, as words.
    pub async fn verdicts(&self, door: &Door, entries: &[Sealed]) -> Vec<String> {
        self.push(door, entries).await.verdicts.iter().map(word).collect()
    }

    pub async fn pull_raw(&self, door: &Door, cursor: u64, server_epoch: &str) -> Answer {
        door.ask("/sync/v1/pull", Some(&self.token), &Pull { cursor, server_epoch: server_epoch.into(), report: None, snapshot: None })
            .await
    }

    /// Every change from the beginning.
    pub async fn pull(&self, door: &Door) -> PullAnswer {
        let mut all: PullAnswer = self.pull_raw(door, 0, "").await.read();
        while all.more {
            let next: PullAnswer = self.pull_raw(door, all.cursor, &all.server_epoch).await.read();
            assert!(next.cursor > all.cursor, "a page goes on");
            all.changes.extend(next.changes);
            (all.cursor, all.more) = (next.cursor, next.more);
        }
        assert!(all.changes.is_sorted_by(|a, b| a.number < b.number));
        all
    }
}

/// `accepted`, or `quarantined(autre_site)`.
pub fn word(verdict: &shared::wire::Verdict) -> String {
    let word = serde_json::to_value(verdict.verdict).unwrap().as_str().unwrap().to_owned();
    verdict.code.as_ref().map_or(word.clone(), |code| format!("{word}({code})"))
}

pub fn monday() -> NaiveDate {
    crate::world::day("2026-10-05")
}
