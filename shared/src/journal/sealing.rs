//! Sealing: a draft becomes an entry, once, with a signature.

use super::bytes::{Malformed, clean};
use super::detail::{Detail, HEADS_MAX};
use super::envelope::{Envelope, Hash, Place, hash_of, signed_bytes};
use super::kind::Kind;
use super::payload::{NOTES_MAX, PAYLOAD_BYTES_MAX, Payload};
use crate::id::{DeviceId, EntryId, OrganisationId, SiteId};
use ed25519_dalek::{Signer as _, Verifier as _};
use sha2::{Digest, Sha256};

pub use ed25519_dalek::{SigningKey, VerifyingKey};

/// Random bytes that keep a hash from being guessed.
pub type Salt = [u8; 32];
/// Longest note, in bytes; longer ones are cut at sealing.
pub const NOTE_BYTES_MAX: usize = 2_000;
const PAYLOAD_DOMAIN: &[u8] = b"preau/payload/1";
const NOTE_DOMAIN: &[u8] = b"preau/note/1";

/// The last place of a device's chain, and its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainHead {
    /// Device, epoch and last number; `seq` 0 before the first entry of an epoch.
    pub place: Place,
    /// Hash of the last entry that the device holds, of any epoch; zeroes before the first.
    pub hash: Hash,
}

impl ChainHead {
    /// The head of a device that has sealed nothing.
    #[must_use]
    pub fn start(device: DeviceId) -> Self {
        Self { place: Place { device, epoch: 1, seq: 0 }, hash: [0; 32] }
    }
}

/// Free text, kept beside the payload and sealed by its hash only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Salt of its hash.
    pub salt: Salt,
    /// What somebody wrote: no control character but ends of lines.
    pub text: String,
}

impl Note {
    /// Whether the text is one that sealing can have left so.
    fn is_sealable(&self) -> bool {
        self.text.len() <= NOTE_BYTES_MAX && !self.text.chars().any(|c| c.is_control() && c != '\n')
    }
}

/// The part of an entry that can be erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Private {
    /// Salt of the payload's hash.
    pub salt: Salt,
    /// Encoded [`Payload`].
    pub payload: Vec<u8>,
    /// Its notes, in the order of the payload's hashes; one may be missing.
    pub notes: Vec<Note>,
}

impl Private {
    /// Whether these bytes are what an envelope sealed, within the limits of all that is sealed: the payload by its hash, the notes
    /// by the payload's hashes, in their order and none twice. Holds for kinds that this version doesn't know, too.
    #[must_use]
    pub fn belongs_to(&self, envelope: &Envelope) -> bool {
        if self.payload.len() > PAYLOAD_BYTES_MAX || payload_hash(&self.salt, &self.payload) != envelope.payload_hash {
            return false;
        }
        if self.notes.is_empty() {
            return true;
        }
        let Ok(prefix) = Payload::prefix(&self.payload) else { return false };
        let mut sealed = prefix.notes.iter();
        self.notes.iter().all(|note| note.is_sealable() && sealed.any(|hash| *hash == note_hash(&note.salt, &note.text)))
    }
}

/// What is to be sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The tenant of the fact.
    pub organisation: OrganisationId,
    /// The building.
    pub site: SiteId,
    /// Made before first use: the same draft tried twice is the same entry.
    pub entry_id: EntryId,
    /// What happened.
    pub kind: Kind,
    /// About whom, when, by whom.
    pub payload: Payload,
    /// Free texts with their salts; their hashes replace `payload.notes`.
    pub notes: Vec<Note>,
    /// 32 random bytes.
    pub salt: Salt,
}

/// A sealed entry: the bytes that are stored, sent and exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Encoded [`Envelope`].
    pub envelope: Vec<u8>,
    /// Ed25519 over [`signed_bytes`].
    pub signature: [u8; 64],
    /// What can be erased; `None` once erased.
    pub private: Option<Private>,
}

impl Sealed {
    /// The entry's hash.
    #[must_use]
    pub fn hash(&self) -> Hash {
        hash_of(&self.envelope)
    }

    /// The decoded envelope.
    ///
    /// # Errors
    /// If the bytes are none.
    pub fn decode_envelope(&self) -> Result<Envelope, Malformed> {
        Envelope::decode(&self.envelope)
    }
}

impl Draft {
    /// Whether every reader of this version will understand the entry. Ask before sealing what a person typed: a sealed entry that
    /// nobody can read is a lost fact.
    ///
    /// # Errors
    /// What is wrong: a detail of another kind, an absence that ends before it begins, a touch without a child…
    pub fn check(&self) -> Result<(), Malformed> {
        if self.organisation.is_nil() || self.site.is_nil() || self.entry_id.is_nil() {
            return Err(Malformed::NotAllowed("an id of zeroes"));
        }
        if Kind::parse(self.kind.as_str()).as_ref() != Some(&self.kind) {
            return Err(Malformed::NotAllowed("kind"));
        }
        if self.notes.len() > NOTES_MAX || self.payload.notes.len() > NOTES_MAX {
            return Err(Malformed::NotAllowed("notes"));
        }
        if matches!(&self.payload.detail, Detail::DaySigned { heads, .. } if heads.len() > HEADS_MAX) {
            return Err(Malformed::NotAllowed("day_signed.heads"));
        }
        let payload = self.payload.encode();
        match self.kind {
            Kind::Unknown(_) => Payload::prefix(&payload).map(|_| ()),
            _ => Payload::decode(&self.kind, 1, &payload).map(|_| ()),
        }
    }
}

/// Seals a draft behind a head, and moves the head: the only place where an envelope is encoded and signed.
///
/// Texts are cut to their limits and freed of control characters; what is returned is what was sealed.
///
/// # Panics
/// If [`Draft::check`] fails, or the head names no device: nothing that can't be read may be signed, stored and shown as recorded.
#[must_use]
pub fn seal(draft: Draft, head: &mut ChainHead, key: &SigningKey) -> Sealed {
    if let Err(why) = draft.check() {
        panic!("a draft of kind {} can't be sealed: {why}", draft.kind);
    }
    assert!(!head.place.device.is_nil() && head.place.epoch > 0, "a device and its epoch have a name before they seal");
    let Draft { organisation, site, entry_id, kind, mut payload, mut notes, salt } = draft;
    for note in &mut notes {
        note.text = clean(&note.text.replace("\r\n", "\n"), NOTE_BYTES_MAX, &['\n']);
    }
    payload.notes = notes.iter().map(|note| note_hash(&note.salt, &note.text)).collect();
    let payload = payload.encode();
    let place = Place { seq: head.place.seq + 1, ..head.place };
    let payload_hash = payload_hash(&salt, &payload);
    let envelope = Envelope { organisation, site, place, prev_hash: head.hash, entry_id, kind, kind_version: 1, payload_hash }.encode();
    let signature = key.sign(&signed_bytes(&envelope)).to_bytes();
    *head = ChainHead { place, hash: hash_of(&envelope) };
    Sealed { envelope, signature, private: Some(Private { salt, payload, notes }) }
}

/// The eight points of small order, as bytes: y little-endian, and the sign of x in the last bit.
const SMALL_ORDER: [Hash; 8] = {
    let y_of_order_8: [Hash; 2] = [
        *b"\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a",
        *b"\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05",
    ];
    let (mut one, mut minus_one) = ([0; 32], [0xff; 32]);
    (one[0], minus_one[0], minus_one[31]) = (1, 0xec, 0x7f);
    [one, minus_one, [0; 32], negative([0; 32]), y_of_order_8[0], negative(y_of_order_8[0]), y_of_order_8[1], negative(y_of_order_8[1])]
};

const fn negative(mut point: Hash) -> Hash {
    point[31] |= 0x80;
    point
}

/// Whether a signature of an envelope is that of a key. Strict, as `verify_strict` is: one message has one signature, and weak keys have
/// none.
///
/// `verify` compares bytes, so that a random point which holds has its one writing; whether it is of small order is read there, without
/// the third of the time that making a point of it takes.
#[must_use]
pub fn check_signature(envelope: &[u8], signature: &[u8; 64], key: &VerifyingKey) -> bool {
    let signature = ed25519_dalek::Signature::from_bytes(signature);
    !SMALL_ORDER.contains(signature.r_bytes()) && !key.is_weak() && key.verify(&signed_bytes(envelope), &signature).is_ok()
}

/// The hash of a payload that an envelope carries.
#[must_use]
pub fn payload_hash(salt: &Salt, payload: &[u8]) -> Hash {
    Sha256::new().chain_update(PAYLOAD_DOMAIN).chain_update(salt).chain_update(payload).finalize().into()
}

/// The hash of a note that a payload carries.
#[must_use]
pub fn note_hash(salt: &Salt, text: &str) -> Hash {
    Sha256::new().chain_update(NOTE_DOMAIN).chain_update(salt).chain_update(text).finalize().into()
}
