//! A server in memory that keeps the wire's promises, and a line that loses
//! what it is told to lose.

use crate::fixture::device;
use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::id::{DeviceId, EntryId};
use shared::journal::{Sealed, VerifyingKey, check_signature};
use shared::roster::{AdultStatus, Item};
use shared::wire::{
    Change, ChangeBody, EpochAsk, EpochGiven, FORK, PeerCertificate, PhotoAsk, Problem, Pull, PullAnswer, Push, PushAnswer, Session,
    SessionChallenge, SessionHello, SessionProof, Snapshot, TabletReport, Verdict, VerdictKind, WireEntry, epoch_bytes, limits,
    session_bytes,
};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex};
use terminal_core::sync::transport::{Answer, LineFailure, Request, Transport};

/// What the server holds.
#[derive(Default)]
pub struct Server {
    pub epoch: String,
    pub keys: HashMap<DeviceId, VerifyingKey>,
    pub entries: Vec<Sealed>,
    ids: HashSet<EntryId>,
    pub changes: Vec<Change>,
    tokens: HashMap<String, DeviceId>,
    pub revoked: HashSet<DeviceId>,
    pub requests: Vec<(String, usize)>,
    pub server_ms: i64,
    /// Entries that are always refused.
    pub poison: HashSet<EntryId>,
    /// Entries that are set apart for a person to decide.
    pub doubtful: HashSet<EntryId>,
    /// Epochs given after the first, by device: which request each was given for.
    pub epochs: HashMap<DeviceId, Vec<[u8; 32]>>,
    /// For whom exports are sealed.
    pub recipient: Option<String>,
    pub lock_after_days: Option<u32>,
    /// What each session gives for the other tablets of the site.
    pub certificate: Option<PeerCertificate>,
    /// When the one that the last session's tablet held ends.
    pub until: Option<Option<i64>>,
    /// Another copy's request, which comes just before the next one.
    pub overtaken: Option<[u8; 32]>,
    /// What tablets said of themselves.
    pub reports: Vec<TabletReport>,
    /// Cursors below this are told to refresh.
    pub oldest_change: u64,
    /// An older one, which tells changes by their numbers only.
    pub knows_no_snapshot: bool,
    /// It goes on with what another life of it told, under its own name.
    pub takes_any_life: bool,
    /// Most changes of a page; 0 for the wire's own limit.
    pub page_max: usize,
    /// What was asked of a pull: cursor, and place in a snapshot.
    pub asked: Vec<(u64, Option<Snapshot>)>,
    /// Photos by their hash, and what comes instead.
    pub photos: HashMap<[u8; 32], Vec<u8>>,
    /// Answers to the next asks for photos, whatever they ask for.
    pub photo_lies: Vec<Answer>,
}

/// What happens to requests, first to last; then all is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The request never arrives.
    Cut,
    /// The server does it, and its answer is lost.
    LostReply,
    /// All is well.
    Fine,
    /// A hotel's welcome page answers.
    WelcomePage,
    /// The token has run out.
    Expired,
}

#[derive(Clone)]
pub struct Wire {
    pub server: Arc<Mutex<Server>>,
    pub faults: Arc<Mutex<Vec<Fault>>>,
}

impl Wire {
    pub fn new(epoch: &str) -> Self {
        let server = Server { epoch: epoch.into(), ..Server::default() };
        Self { server: Arc::new(Mutex::new(server)), faults: Arc::default() }
    }
    pub fn will(&self, faults: &[Fault]) {
        *self.faults.lock().unwrap() = faults.to_vec();
    }
    pub fn knows(&self, number: u16, key: VerifyingKey) {
        self.server.lock().unwrap().keys.insert(device(number), key);
    }
    pub fn put(&self, item: Item) {
        self.server.lock().unwrap().change(ChangeBody::Put(item));
    }
    pub fn paths(&self) -> Vec<String> {
        self.server.lock().unwrap().requests.iter().map(|(path, _)| path.clone()).collect()
    }
}

impl Transport for Wire {
    fn send(&mut self, request: &Request) -> Result<Answer, LineFailure> {
        let fault = {
            let mut faults = self.faults.lock().unwrap();
            if faults.is_empty() { Fault::Fine } else { faults.remove(0) }
        };
        match fault {
            Fault::Cut => Err(LineFailure::NoNetwork),
            Fault::WelcomePage => Ok(Answer { status: 200, body: b"<html>Bienvenue</html>".to_vec() }),
            Fault::Expired => {
                self.server.lock().unwrap().tokens.clear();
                Ok(self.server.lock().unwrap().answer(request))
            }
            Fault::LostReply => {
                self.server.lock().unwrap().answer(request);
                Err(LineFailure::NoNetwork)
            }
            Fault::Fine => Ok(self.server.lock().unwrap().answer(request)),
        }
    }
}

fn ok(value: &impl Serialize) -> Answer {
    Answer { status: 200, body: serde_json::to_vec(value).unwrap() }
}
fn no(status: u16, code: &str) -> Answer {
    Answer { status, body: serde_json::to_vec(&Problem { code: code.into(), message: "non".into() }).unwrap() }
}
fn body<T: DeserializeOwned>(request: &Request) -> T {
    serde_json::from_slice(&request.body).unwrap()
}

impl Server {
    pub fn change(&mut self, body: ChangeBody) {
        let number = self.changes.last().map_or(0, |c| c.number) + 1;
        self.changes.push(Change { number, body });
    }

    /// Forgets entries after the first `kept`, as a restore from a backup does.
    pub fn restore(&mut self, kept: usize, epoch: &str) {
        self.entries.truncate(kept);
        self.ids = self.entries.iter().map(|s| s.decode_envelope().unwrap().entry_id).collect();
        self.epoch = epoch.into();
        self.tokens.clear();
    }

    pub fn epoch_of(&self, device: DeviceId) -> u32 {
        1 + u32::try_from(self.epochs.get(&device).map_or(0, Vec::len)).unwrap()
    }

    fn contiguous(&self, device: DeviceId) -> u64 {
        let life = (device, self.epoch_of(device));
        let places = self.entries.iter().map(|s| s.decode_envelope().unwrap().place).filter(|p| (p.device, p.epoch) == life);
        let seqs: HashSet<u64> = places.map(|p| p.seq).collect();
        (1..).take_while(|n| seqs.contains(n)).last().unwrap_or(0)
    }

    fn answer(&mut self, request: &Request) -> Answer {
        self.requests.push((request.path.into(), request.body.len()));
        assert!(request.body.len() <= limits::BODY_BYTES_MAX, "a request keeps the wire's limit");
        match request.path {
            "/sync/v1/session/hello" => {
                let hello: SessionHello = body(request);
                if self.revoked.contains(&hello.device) {
                    no(403, "tablette_revoquee")
                } else {
                    ok(&SessionChallenge { nonce: [7; 32].into() })
                }
            }
            "/sync/v1/session" => self.session(&body(request)),
            "/sync/v1/epoch" => self.next_epoch(&body(request)),
            _ => match request.bearer.as_ref().and_then(|t| self.tokens.get(t)).copied() {
                None => no(401, "session_expiree"),
                Some(device) if request.path == "/sync/v1/push" => self.push(device, body(request)),
                Some(_) if request.path == "/sync/v1/photo" => self.photo(&body(request)),
                Some(device) => self.pull(device, &body(request)),
            },
        }
    }

    fn session(&mut self, proof: &SessionProof) -> Answer {
        let bytes = session_bytes(&proof.nonce.0, proof.device, proof.boot, proof.boottime_ms, proof.wall_ms);
        let signature = ed25519_dalek::Signature::from_bytes(&proof.signature.array().unwrap());
        if self.keys[&proof.device].verify_strict(&bytes, &signature).is_err() {
            return no(401, "preuve_fausse");
        }
        match proof.epoch.cmp(&self.epoch_of(proof.device)) {
            std::cmp::Ordering::Less => return no(409, "epoque_depassee"),
            std::cmp::Ordering::Greater => return no(409, "epoque_perdue"),
            std::cmp::Ordering::Equal => {}
        }
        self.until = Some(proof.certificate_until_ms);
        let token = format!("token-{}", self.requests.len());
        self.tokens.insert(token.clone(), proof.device);
        let contiguous_seq = self.contiguous(proof.device);
        let (life_s, capabilities) = (limits::SESSION_LIFE_S, vec!["epoch".into()]);
        ok(&Session {
            token,
            life_s,
            server_epoch: self.epoch.clone(),
            server_ms: self.server_ms,
            contiguous_seq,
            capabilities,
            export_recipient: self.recipient.clone(),
            lock_after_days: self.lock_after_days,
            certificate: self.certificate.clone(),
        })
    }

    fn next_epoch(&mut self, ask: &EpochAsk) -> Answer {
        let signature = ed25519_dalek::Signature::from_bytes(&ask.signature.array().unwrap());
        if self.keys[&ask.device].verify_strict(&epoch_bytes(ask), &signature).is_err() {
            return no(403, "preuve_fausse");
        }
        if let Some(first) = self.overtaken.take() {
            self.epochs.entry(ask.device).or_default().push(first);
        }
        let (request, given) = (ask.request.array().unwrap(), self.epochs.entry(ask.device).or_default());
        // Of forgotten epochs, the tablet's word is taken.
        while given.len() + 1 < usize::try_from(ask.epoch).unwrap() {
            given.push([0; 32]);
        }
        match given.get(usize::try_from(ask.epoch).unwrap() - 1) {
            Some(of) if *of != request => return no(409, "epoque_deja_donnee"),
            Some(_) => {}
            None => {
                given.push(request);
                self.tokens.retain(|_, device| *device != ask.device);
            }
        }
        ok(&EpochGiven { epoch: ask.epoch + 1 })
    }

    fn push(&mut self, device: DeviceId, push: Push) -> Answer {
        assert!(push.entries.len() <= limits::PUSH_ENTRIES_MAX);
        let verdicts = push.entries.into_iter().map(|entry| self.take(entry)).collect();
        ok(&PushAnswer { server_epoch: self.epoch.clone(), contiguous_seq: self.contiguous(device), verdicts })
    }

    fn take(&mut self, entry: WireEntry) -> Verdict {
        let sealed = entry.into_sealed().unwrap();
        let envelope = sealed.decode_envelope().unwrap();
        let (id, key) = (envelope.entry_id, self.keys[&envelope.place.device]);
        let place = |s: &Sealed| (s.decode_envelope().unwrap().place, s.hash());
        let (here, hash) = place(&sealed);
        let forked = self.entries.iter().map(place).any(|(at, of)| at == here && of != hash);
        let said = |verdict| Verdict { entry: Some(id), verdict, code: forked.then(|| FORK.into()) };
        if self.poison.contains(&id) || !check_signature(&sealed.envelope, &sealed.signature, &key) {
            return Verdict { code: Some("signature".into()), ..said(VerdictKind::Refused) };
        }
        if self.doubtful.contains(&id) {
            return Verdict { code: Some("moment_inconnu".into()), ..said(VerdictKind::Quarantined) };
        }
        if !self.ids.insert(id) {
            return said(VerdictKind::Duplicate);
        }
        self.change(ChangeBody::Entry { entry: WireEntry::from(&sealed), key: key.to_bytes().into() });
        self.entries.push(sealed);
        said(VerdictKind::Accepted)
    }

    fn pull(&mut self, device: DeviceId, pull: &Pull) -> Answer {
        self.reports.extend(pull.report.clone());
        self.asked.push((pull.cursor, pull.snapshot.clone()));
        let other_life = !self.takes_any_life && pull.server_epoch != self.epoch && !(pull.cursor == 0 && pull.server_epoch.is_empty());
        if other_life || (pull.snapshot.is_none() && pull.cursor > 0 && pull.cursor < self.oldest_change) {
            return no(410, "refresh_required");
        }
        let is_own = |change: &Change| match &change.body {
            ChangeBody::Entry { entry, .. } => {
                let place = entry.clone().into_sealed().unwrap().decode_envelope().unwrap().place;
                (place.device, place.epoch) == (device, self.epoch_of(device))
            }
            _ => false,
        };
        let head = self.changes.last().map_or(0, |c| c.number);
        let snapshot = pull.snapshot.as_ref().filter(|_| !self.knows_no_snapshot);
        if let Some(at) = snapshot.filter(|at| at.head.is_none() || at.after.is_some()) {
            return self.items_behind(at, head);
        }
        let told = snapshot.and_then(|at| at.head).unwrap_or(0);
        if told > head {
            return no(410, "refresh_required");
        }
        let of_no_item = |c: &Change| matches!(c.body, ChangeBody::Entry { .. } | ChangeBody::Forget(_));
        let untold = |c: &&Change| c.number > pull.cursor && (c.number > told || of_no_item(c));
        let news: Vec<Change> = self.changes.iter().filter(untold).cloned().collect();
        let page: Vec<Change> = news.iter().take(self.page_max()).cloned().collect();
        let more = news.len() > page.len();
        let cursor = if more { page.last().map_or(pull.cursor, |c| c.number) } else { head.max(pull.cursor) };
        let changes = page.into_iter().filter(|c| !is_own(c)).collect();
        let snapshot = snapshot.map(|_| Snapshot { head: Some(told), after: None });
        ok(&PullAnswer { server_epoch: self.epoch.clone(), cursor, more, changes, snapshot })
    }

    fn page_max(&self) -> usize {
        if self.page_max == 0 { limits::PULL_CHANGES_MAX } else { self.page_max }
    }

    /// The items as they are, in the order of need, each with its place.
    pub fn items(&self) -> Vec<(String, u64, Item)> {
        let mut items = BTreeMap::new();
        for Change { number, body } in &self.changes {
            match body {
                ChangeBody::Put(item) => drop(items.insert(item.key(), (*number, item.clone()))),
                ChangeBody::Remove(key) => drop(items.remove(key)),
                _ => {}
            }
        }
        let watched = |item: &Item| matches!(item, Item::Adult(a) if a.status != AdultStatus::Authorised);
        let place = |item: &Item| format!("{} {}", if watched(item) { 0 } else { 1 + item.urgency() }, item.key());
        let mut items: Vec<_> = items.into_values().map(|(number, item)| (place(&item), number, item)).collect();
        items.sort_by(|a, b| a.0.cmp(&b.0));
        items
    }

    fn items_behind(&self, at: &Snapshot, head: u64) -> Answer {
        let told = at.head.unwrap_or(head);
        if told > head {
            return no(410, "refresh_required");
        }
        let behind = |place: &String| at.after.as_ref().is_none_or(|after| place > after);
        let rest: Vec<_> = self.items().into_iter().filter(|(place, ..)| behind(place)).collect();
        let page: Vec<_> = rest.iter().take(self.page_max()).cloned().collect();
        let after = page.last().filter(|_| page.len() < rest.len()).map(|(place, ..)| place.clone());
        let changes = page.into_iter().map(|(_, number, item)| Change { number, body: ChangeBody::Put(item) }).collect();
        let snapshot = Some(Snapshot { head: Some(told), after });
        ok(&PullAnswer { server_epoch: self.epoch.clone(), cursor: 0, more: true, changes, snapshot })
    }

    fn photo(&mut self, ask: &PhotoAsk) -> Answer {
        if !self.photo_lies.is_empty() {
            return self.photo_lies.remove(0);
        }
        let shown = self.items().into_iter().any(|(_, _, item)| item.key() == ask.item && item.photo() == ask.hash.array());
        let found = ask.hash.array().and_then(|hash: [u8; 32]| self.photos.get(&hash)).filter(|_| shown);
        found.map_or_else(|| no(404, "photo_inconnue"), |jpeg| Answer { status: 200, body: jpeg.clone() })
    }
}
