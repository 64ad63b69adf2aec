//! A code makes a tablet one of a site's, and never travels.

use crate::fixture::{ORGANISATION, SITE, device};
use argon2::{Algorithm, Argon2, Params, Version};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use shared::id::{DeviceId, SiteId};
use shared::journal::VerifyingKey;
use shared::wire::{
    ENROL_ARGON2, ENROL_SALT, EnrolChallenge, EnrolConfirm, EnrolDone, EnrolHello, Problem, enrolment_keys, enrolment_transcript,
    succession_bytes,
};
use std::path::Path;
use std::sync::{Arc, Mutex};
use tempfile::tempdir;
use terminal_core::commands::CommandError;
use terminal_core::commands::enrol::{Enrolled, Reach, enrol};
use terminal_core::store::{NoFaults, Store};
use terminal_core::sync::transport::{Answer, LineFailure, Request, Transport};

pub const CODE: &str = "7KQM3X02AB11";

/// A server that knows one code, and keeps all that it hears.
#[derive(Clone)]
pub struct Office {
    pub code: &'static str,
    pub expired: bool,
    pub pinned: bool,
    pub heard: Arc<Mutex<Vec<u8>>>,
    pub key: Arc<Mutex<Option<Vec<u8>>>>,
    /// Where the code is for.
    pub site: (SiteId, &'static str),
    /// The device that it makes.
    pub number: u16,
    /// A tablet whose key is not wanted any more, and why.
    pub unwanted: Option<(DeviceId, VerifyingKey, &'static str)>,
    /// Whom the last new key went on for, proved.
    pub succeeded: Arc<Mutex<Option<DeviceId>>>,
}

impl Office {
    pub fn new(code: &'static str) -> Self {
        let (heard, key, succeeded) = (Arc::default(), Arc::default(), Arc::default());
        Self { code, expired: false, pinned: false, heard, key, site: (SITE, "École Vauban"), number: 1, unwanted: None, succeeded }
    }

    fn derived(&self) -> ([u8; 16], [u8; 32]) {
        let (memory, passes, lanes) = ENROL_ARGON2;
        let mut out = [0; 32];
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(memory, passes, lanes, Some(32)).unwrap());
        argon2.hash_password_into(self.code.as_bytes(), ENROL_SALT, &mut out).unwrap();
        enrolment_keys(&out)
    }

    fn proof(&self, side: &[u8], key: &[u8], device_nonce: &[u8]) -> Hmac<Sha256> {
        let said =
            enrolment_transcript(side, key.try_into().unwrap(), device_nonce.try_into().unwrap(), &[9; 32], b"the authority of the office");
        Hmac::<Sha256>::new_from_slice(&self.derived().1).unwrap().chain_update(said)
    }

    fn no(status: u16, code: &str, message: &str) -> Answer {
        Answer { status, body: serde_json::to_vec(&Problem { code: code.into(), message: message.into() }).unwrap() }
    }

    /// Whether a key has the code.
    pub fn is_bound(&self) -> bool {
        self.key.lock().unwrap().is_some()
    }

    fn confirm(&self, confirm: &EnrolConfirm) -> Answer {
        self.proof(b"device", &confirm.public_key.0, &confirm.device_nonce.0).verify_slice(&confirm.proof.0).unwrap();
        if let Some((older, key, why)) = &self.unwanted {
            if confirm.public_key.0 == key.to_bytes() {
                return Self::no(409, why, "non");
            }
            if let Some(succession) = &confirm.succeeds {
                let (new, nonce) = (confirm.public_key.array().unwrap(), confirm.device_nonce.array().unwrap());
                let said = enrolment_transcript(b"device", &new, &nonce, &[9; 32], b"the authority of the office");
                let signature = ed25519_dalek::Signature::from_bytes(&succession.signature.array().unwrap());
                key.verify_strict(&succession_bytes(&said), &signature).unwrap();
                assert_eq!(succession.device, *older);
                *self.succeeded.lock().unwrap() = Some(*older);
            }
        }
        let mut first = self.key.lock().unwrap();
        if first.get_or_insert(confirm.public_key.0.clone()) != &confirm.public_key.0 {
            return Self::no(409, "code_deja_utilise", "Code déjà utilisé par une autre tablette : demandez-en un nouveau.");
        }
        let (site, site_name) = (self.site.0, self.site.1.to_owned());
        let done =
            EnrolDone { device: device(self.number), site, site_name, organisations: vec![ORGANISATION], epoch: 1, certificate: None };
        Answer { status: 200, body: serde_json::to_vec(&done).unwrap() }
    }
}

impl Transport for Office {
    fn send(&mut self, request: &Request) -> Result<Answer, LineFailure> {
        self.heard.lock().unwrap().extend(&request.body);
        if self.expired {
            return Ok(Self::no(404, "code_inconnu", "Ce code n'existe pas ou n'est plus valable : demandez-en un nouveau."));
        }
        if request.path.ends_with("confirm") {
            assert!(self.pinned, "the confirmation goes to the pinned authority alone");
            return Ok(self.confirm(&serde_json::from_slice(&request.body).unwrap()));
        }
        let hello: EnrolHello = serde_json::from_slice(&request.body).unwrap();
        let proof = self.proof(b"server", &hello.public_key.0, &hello.nonce.0).finalize().into_bytes();
        let authority = b"the authority of the office".to_vec();
        let challenge = EnrolChallenge { nonce: [9; 32].into(), authority: authority.into(), proof: proof.into(), site: Some(self.site.0) };
        Ok(Answer { status: 200, body: serde_json::to_vec(&challenge).unwrap() })
    }
}

impl Reach for Office {
    fn anyone(&self, _server_url: &str) -> Result<Box<dyn Transport>, CommandError> {
        Ok(Box::new(self.clone()))
    }
    fn pinned(&self, _server_url: &str, authority: &[u8]) -> Result<Box<dyn Transport>, CommandError> {
        assert_eq!(authority, b"the authority of the office");
        Ok(Box::new(Self { pinned: true, ..self.clone() }))
    }
}

pub fn try_enrol(dir: &Path, office: &Office, code: &str) -> Result<Enrolled, CommandError> {
    enrol(dir, "http://preau.exemple.fr:8480", code, office)
}

#[test]
fn a_code_typed_as_people_type_it_enrols_the_tablet_and_never_travels() {
    let (dir, office) = (tempdir().unwrap(), Office::new(CODE));
    let enrolled = try_enrol(dir.path(), &office, "7kqm-3xo2-abil").unwrap();
    assert_eq!((enrolled.site_name.as_str(), enrolled.epoch, enrolled.already), ("École Vauban", 1, false));
    let identity = Store::open(dir.path(), Arc::new(NoFaults)).unwrap().journal.identity().unwrap().unwrap();
    assert_eq!((identity.device, identity.site), (device(1), SITE));
    assert_eq!(identity.server_url, "https://preau.exemple.fr:8480", "TLS whatever scheme was typed");
    assert_eq!(identity.authority, b"the authority of the office");
    let heard = office.heard.lock().unwrap();
    assert!(!heard.windows(CODE.len()).any(|w| w == CODE.as_bytes()));
}

#[test]
fn enrolling_again_is_harmless_even_when_the_code_has_run_out() {
    let (dir, mut office) = (tempdir().unwrap(), Office::new(CODE));
    let first = try_enrol(dir.path(), &office, CODE).unwrap();
    let second = try_enrol(dir.path(), &office, CODE).unwrap();
    office.expired = true;
    let third = try_enrol(dir.path(), &office, CODE).unwrap();
    assert_eq!((&first.device, &second.device), (&second.device, &third.device));
    assert_eq!((first.already, second.already, third.already), (false, true, true));
}

#[test]
fn a_code_belongs_to_the_first_key_that_proved_it() {
    let (one, two, office) = (tempdir().unwrap(), tempdir().unwrap(), Office::new(CODE));
    try_enrol(one.path(), &office, CODE).unwrap();
    let refused = try_enrol(two.path(), &office, CODE).unwrap_err();
    assert_eq!(refused.to_string(), "Code déjà utilisé par une autre tablette : demandez-en un nouveau.");
    assert_eq!(refused.exit_code(), 3);
}

#[test]
fn a_server_that_does_not_know_the_code_is_not_believed() {
    let (dir, impostor) = (tempdir().unwrap(), Office::new("000000000000"));
    let refused = try_enrol(dir.path(), &impostor, CODE).unwrap_err();
    assert!(refused.to_string().starts_with("Ce serveur ne connaît pas ce code"), "{refused}");
    assert!(Store::open(dir.path(), Arc::new(NoFaults)).unwrap().journal.identity().unwrap().is_none());
}

#[test]
fn a_wrong_code_and_a_wrong_address_are_said_before_anything_is_sent() {
    let (dir, office) = (tempdir().unwrap(), Office::new(CODE));
    assert_eq!(try_enrol(dir.path(), &office, "ABC").unwrap_err().exit_code(), 2);
    assert_eq!(enrol(dir.path(), "un serveur", CODE, &office).unwrap_err().exit_code(), 2);
    assert!(office.heard.lock().unwrap().is_empty());
}
