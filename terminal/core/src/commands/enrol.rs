//! `preau-terminal enrol`: the tablet becomes one of a site's.
//!
//! The code never travels. By it, server and tablet prove to each other that
//! they know it; only then is the server's authority believed, and pinned.
//! Harmless when repeated: the same key is the same tablet.

use super::CommandError;
use crate::entropy::{SystemEntropy, bytes};
use crate::store::{Identity, LineState, NoFaults, Store, Tpm, public_key_of};
use crate::sync::believed_time::BelievedTime;
use crate::sync::http::{Http, normalised_url};
use crate::sync::transport::{Answer, Request, Transport};
use argon2::{Algorithm, Argon2, Params, Version};
use ed25519_dalek::Signer as _;
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;
use shared::id::SiteId;
use shared::journal::{Hash, SigningKey};
use shared::wire::{
    ENROL_ARGON2, ENROL_SALT, EnrolChallenge, EnrolConfirm, EnrolDone, EnrolHello, PeerCertificate, Succession, enrolment_keys,
    enrolment_transcript, normalised_code, succession_bytes,
};
use std::path::Path;
use std::sync::Arc;
use zeroize::Zeroizing;

/// What an enrolment came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Enrolled {
    /// The tablet's id.
    pub device: String,
    /// The site's id.
    pub site: String,
    /// "École Vauban".
    pub site_name: String,
    /// The epoch to seal in.
    pub epoch: u32,
    /// Where the server is.
    pub server: String,
    /// Whether it was so before.
    pub already: bool,
}

impl Enrolled {
    fn of(identity: &Identity, already: bool) -> Self {
        Self {
            device: identity.device.to_string(),
            site: identity.site.to_string(),
            site_name: identity.site_name.clone(),
            epoch: identity.epoch,
            server: identity.server_url.clone(),
            already,
        }
    }
}

/// How the two servers of an enrolment are reached: the first believes anyone, the second the pinned authority alone.
pub trait Reach {
    /// For the hello, whose answer proves itself.
    ///
    /// # Errors
    /// Where no connection can be prepared.
    fn anyone(&self, server_url: &str) -> Result<Box<dyn Transport>, CommandError>;
    /// For all that follows.
    ///
    /// # Errors
    /// Where the authority is no certificate.
    fn pinned(&self, server_url: &str, authority: &[u8]) -> Result<Box<dyn Transport>, CommandError>;
}

/// HTTPS.
pub struct ByHttps;

impl Reach for ByHttps {
    fn anyone(&self, server_url: &str) -> Result<Box<dyn Transport>, CommandError> {
        Ok(Box::new(Http::trusting_anyone(server_url)?))
    }
    fn pinned(&self, server_url: &str, authority: &[u8]) -> Result<Box<dyn Transport>, CommandError> {
        Ok(Box::new(Http::pinned(server_url, authority, BelievedTime::new(None))?))
    }
}

/// The tablet's key, as whoever enrols it knows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyAtHand {
    /// What seals it.
    pub tpm: Tpm,
    /// Whether it is gone for good, with the board that sealed it: the tablet comes back under a new one that none vouches for.
    pub lost: bool,
}

/// Enrols as [`enrol_on`] does, on a machine without a chip.
///
/// # Errors
/// As there.
pub fn enrol(dir: &Path, server: &str, code: &str, reach: &dyn Reach) -> Result<Enrolled, CommandError> {
    enrol_on(&KeyAtHand { tpm: Tpm::none(), lost: false }, dir, server, code, reach)
}

/// Enrols the tablet of a data folder. One that the server knows and doesn't want under its key any more (revoked, or another copy
/// has left its epoch) comes back at the same site with a new key, and keeps what it has not sent.
///
/// # Errors
/// A wrong address or code, another site while entries wait (2), a server that can't be reached or says no (3).
pub fn enrol_on(at_hand: &KeyAtHand, dir: &Path, server: &str, code: &str, reach: &dyn Reach) -> Result<Enrolled, CommandError> {
    let server_url = normalised_url(server).map_err(CommandError::Usage)?;
    let Some(code) = normalised_code(code) else {
        return Err(CommandError::Usage(
            "Ce code n'a pas la bonne forme : attendu 12 lettres et chiffres, par exemple 7KQM-3X02-AB11.".into(),
        ));
    };
    let open = if at_hand.lost { Store::open_without_key } else { Store::open_on };
    let mut store = open(&at_hand.tpm, dir, Arc::new(NoFaults))?;
    let known = store.journal.identity()?;
    let call = Call { server_url: &server_url, code: &code, reach, known: known.as_ref() };
    // The code may be bound to the new key already, by a try that a power cut ended.
    let outcome = if store.is_between_lives()? { Err(Said::NewKeyNeeded) } else { call.exchange(&store, store.key(), None) };
    let outcome = match outcome {
        Err(Said::NewKeyNeeded) => call.new_life(&store),
        other => other,
    };
    match outcome {
        Ok((identity, certificate)) => {
            let already = known.as_ref().is_some_and(|k| k.device == identity.device);
            store.enrol(&identity)?;
            if let Some(given) = certificate {
                store.roster.set_peer_certificate(&given)?;
            }
            Ok(Enrolled::of(&identity, already))
        }
        // A code lives a quarter of an hour; the tablet that it enrolled stays enrolled, unless its server refuses it.
        Err(Said::No(CommandError::Unavailable(said))) => {
            let refused = matches!(store.roster.line()?.state, LineState::Revoked | LineState::ExistsTwice);
            match known.filter(|identity| identity.server_url == server_url && !refused) {
                Some(identity) => Ok(Enrolled::of(&identity, true)),
                None => Err(CommandError::Unavailable(said)),
            }
        }
        Err(other) => Err(other.into_error()),
    }
}

/// Why an exchange enrolled nobody.
enum Said {
    /// The server wants no more of this key; another one may come with the same code.
    NewKeyNeeded,
    /// Anything else.
    No(CommandError),
}

impl<E: Into<CommandError>> From<E> for Said {
    fn from(error: E) -> Self {
        Self::No(error.into())
    }
}

impl Said {
    fn into_error(self) -> CommandError {
        match self {
            Self::No(error) => error,
            Self::NewKeyNeeded => {
                CommandError::Unavailable("Le serveur refuse la nouvelle clé de cette tablette : demandez un nouveau code.".into())
            }
        }
    }
}

/// Who the tablet is, and by what it proves it to the others of its site.
type Given = (Identity, Option<PeerCertificate>);

/// One enrolment: where, by which code, of whom.
struct Call<'a> {
    server_url: &'a str,
    code: &'a str,
    reach: &'a dyn Reach,
    known: Option<&'a Identity>,
}

impl Call<'_> {
    /// A further life of this folder: a new key, which the old one vouches for, unless that one is gone.
    fn new_life(&self, store: &Store) -> Result<Given, Said> {
        let older = self.known.filter(|old| old.public_key == public_key_of(store.key()));
        self.exchange(store, &store.next_key()?, older.map(|old| (old, store.key())))
    }

    fn exchange(&self, store: &Store, pen: &SigningKey, older: Option<(&Identity, &SigningKey)>) -> Result<Given, Said> {
        let (name, key) = derived(self.code)?;
        let public_key = public_key_of(pen);
        let device_nonce: [u8; 32] = bytes(&mut SystemEntropy)?;
        let hello = EnrolHello { code_name: name.into(), public_key: public_key.into(), nonce: device_nonce.into() };
        let challenge: EnrolChallenge = ask(self.reach.anyone(self.server_url)?.as_mut(), "/sync/v1/enrol/hello", &hello)?;
        let server_nonce: [u8; 32] = challenge.nonce.array().ok_or_else(unreadable)?;
        let said = |side: &[u8]| enrolment_transcript(side, &public_key, &device_nonce, &server_nonce, &challenge.authority.0);
        let proof = mac(&key, &said(b"server"))?;
        if proof.verify_slice(&challenge.proof.0).is_err() {
            return Err(Said::No(CommandError::Unavailable(
                "Ce serveur ne connaît pas ce code, ou ce n'est pas le vôtre qui répond. Vérifiez l'adresse et demandez un nouveau code."
                    .into(),
            )));
        }
        let leaves = self.leaves(store, challenge.site)?;
        if leaves && self.known.is_some_and(|old| old.public_key == public_key) {
            return Err(Said::NewKeyNeeded);
        }
        let ours = said(b"device");
        let succession = |(old, key): (&Identity, &SigningKey)| Succession {
            device: old.device,
            signature: key.sign(&succession_bytes(&ours)).to_bytes().into(),
        };
        let confirm = EnrolConfirm {
            code_name: name.into(),
            public_key: public_key.into(),
            device_nonce: device_nonce.into(),
            server_nonce: server_nonce.into(),
            proof: mac(&key, &ours)?.finalize().into_bytes().into(),
            signature: pen.sign(&ours).to_bytes().into(),
            device_name: machine_name(),
            epoch: self.known.filter(|old| old.public_key == public_key).map(|old| old.epoch),
            succeeds: older.filter(|_| !leaves).map(succession),
        };
        // From here on the authority that the code vouches for is the only one believed.
        let mut pinned = self.reach.pinned(self.server_url, &challenge.authority.0)?;
        let done: EnrolDone = ask(pinned.as_mut(), "/sync/v1/enrol/confirm", &confirm)?;
        let identity = Identity {
            device: done.device,
            site: done.site,
            site_name: done.site_name,
            organisations: done.organisations,
            epoch: done.epoch,
            server_url: self.server_url.to_owned(),
            authority: challenge.authority.0,
            public_key,
        };
        Ok((identity, done.certificate))
    }

    /// Whether the code is for another site than the tablet's. Asked before anything is bound: a tablet that can't leave its site is
    /// not enrolled at another.
    fn leaves(&self, store: &Store, site: Option<SiteId>) -> Result<bool, CommandError> {
        match (self.known, site) {
            (Some(old), Some(site)) if old.site != site => {
                store.journal.check_may_be_at(site)?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}

/// Name and key of a code.
fn derived(code: &str) -> Result<([u8; 16], Hash), CommandError> {
    let (memory_kib, passes, lanes) = ENROL_ARGON2;
    let failed = |e: &dyn std::fmt::Display| CommandError::Unavailable(format!("Le code n'a pas pu être préparé ({e})."));
    let params = Params::new(memory_kib, passes, lanes, Some(32)).map_err(|e| failed(&e))?;
    let mut out = Zeroizing::new([0; 32]);
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into(code.as_bytes(), ENROL_SALT, out.as_mut()).map_err(|e| failed(&e))?;
    Ok(enrolment_keys(&out))
}

fn mac(key: &Hash, bytes: &[u8]) -> Result<Hmac<Sha256>, CommandError> {
    let mac = Hmac::<Sha256>::new_from_slice(key).map_err(|e| CommandError::Unavailable(e.to_string()))?;
    Ok(mac.chain_update(bytes))
}

fn ask<T: DeserializeOwned>(transport: &mut dyn Transport, path: &'static str, body: &impl Serialize) -> Result<T, Said> {
    let answer = transport.send(&Request::new(path, None, body))?;
    match answer.status {
        200..=299 => Ok(serde_json::from_slice(&answer.body).map_err(|_| unreadable())?),
        _ if answer.problem().is_some_and(|p| matches!(p.code.as_str(), "tablette_deja_enrolee" | "tablette_en_double")) => {
            Err(Said::NewKeyNeeded)
        }
        _ => Err(Said::No(said_no(&answer))),
    }
}

/// The server's own sentence where it has one.
fn said_no(answer: &Answer) -> CommandError {
    match answer.problem() {
        Some(problem) => CommandError::Unavailable(problem.message),
        None if answer.status == 404 => CommandError::Unavailable("Ce serveur n'est pas un serveur Préau : vérifiez l'adresse.".into()),
        None => CommandError::Unavailable(format!("Le serveur a répondu {} sans explication : réessayez dans un instant.", answer.status)),
    }
}

fn unreadable() -> CommandError {
    CommandError::Unavailable("La réponse de ce serveur n'est pas celle d'un serveur Préau : vérifiez l'adresse.".into())
}

/// How the machine names itself, for the page that lists the tablets.
fn machine_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").map(|name| name.trim().chars().take(60).collect()).unwrap_or_default()
}
