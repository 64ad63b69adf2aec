//! What tablets and server say to each other: JSON over TLS, sealed bytes in
//! base 64. Types only grow: a reader ignores fields that it doesn't know, and
//! a writer never changes what a field means. Limits stand in [`limits`].
//!
//! | exchange | request | answer |
//! |---|---|---|
//! | `POST /sync/v1/enrol/hello` | [`EnrolHello`] | [`EnrolChallenge`] |
//! | `POST /sync/v1/enrol/confirm` | [`EnrolConfirm`] | [`EnrolDone`] |
//! | `POST /sync/v1/session/hello` | [`SessionHello`] | [`SessionChallenge`] |
//! | `POST /sync/v1/session` | [`SessionProof`] | [`Session`] |
//! | `POST /sync/v1/epoch` | [`EpochAsk`] | [`EpochGiven`] |
//! | `POST /sync/v1/time` | [`TimeAsk`] | [`TimeTold`] |
//! | `POST /sync/v1/push` (bearer token) | [`Push`] | [`PushAnswer`] |
//! | `POST /sync/v1/pull` (bearer token) | [`Pull`] | [`PullAnswer`] |
//! | `POST /sync/v1/photo` (bearer token) | [`PhotoAsk`] | the JPEG |
//!
//! An error is a status and a [`Problem`]. What tablets of one site say to each other stands in [`peers`].

mod epoch;
mod export;
pub mod peers;
mod photo;
mod report;
mod snapshot;
mod time;

pub use epoch::{EpochAsk, EpochGiven, EpochReason, FORK, epoch_bytes};
pub use export::{EXPORT_BYTES_MAX, EXPORT_FORMAT, ExportHead};
pub use peers::PeerCertificate;
pub use photo::{PHOTO_BYTES_MAX, PhotoAsk};
pub use report::{TabletReport, key_storage, reader};
pub use snapshot::Snapshot;
pub use time::{TimeAsk, TimeTold, time_bytes};

use crate::id::{DeviceId, EntryId, OrganisationId, SiteId};
use crate::journal::{Hash, Note, Private, Sealed};
use crate::roster::Item;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use std::ops::RangeInclusive;

/// Every limit of an exchange, in one place; each is tested at the limit.
pub mod limits {
    /// Most entries of one push.
    pub const PUSH_ENTRIES_MAX: usize = 200;
    /// Most bytes of a request's body.
    pub const BODY_BYTES_MAX: usize = 1024 * 1024;
    /// Most bytes of sealed entries that a client puts in one push, so that base 64 and JSON stay below [`BODY_BYTES_MAX`].
    pub const PUSH_SEALED_BYTES_MAX: usize = 600 * 1024;
    /// Most changes of one pull.
    pub const PULL_CHANGES_MAX: usize = 500;
    /// Characters of an enrolment code (Crockford base 32).
    pub const CODE_CHARACTERS: usize = 12;
    /// How long an enrolment code lives.
    pub const CODE_LIFE_S: u32 = 15 * 60;
    /// Tries of enrolment codes a minute, from one address.
    pub const CODE_TRIES_PER_MINUTE: u32 = 10;
    /// Times signed a minute for one address: the tablets of a whole town may stand behind it, and wake up from one power cut.
    pub const TIMES_PER_MINUTE: u32 = 240;
    /// How long a nonce of the server may be answered.
    pub const NONCE_LIFE_S: u32 = 120;
    /// How long a session's token lives.
    pub const SESSION_LIFE_S: u32 = 3_600;
    /// Epochs given to one tablet in 24 hours: one that asks for more has another trouble than those that an epoch mends.
    pub const EPOCHS_A_DAY_MAX: u32 = 10;
    /// How long a hole is waited for in a session.
    pub const HOLE_WAIT_S: u32 = 60;
}

/// Why a request was not done. `code` is stable; `message` is French, for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Problem {
    /// A stable name, such as `code_deja_utilise`.
    pub code: String,
    /// What happened and what to do.
    pub message: String,
}

/// A key, a signature or a hash in base 64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl Bytes {
    /// The bytes as an array, or `None` where they are another number.
    #[must_use]
    pub fn array<const N: usize>(&self) -> Option<[u8; N]> {
        self.0.as_slice().try_into().ok()
    }
}

#[cfg(feature = "schema")]
impl utoipa::PartialSchema for Bytes {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::schema::{KnownFormat, Object, SchemaFormat, Type};
        let text = Object::builder().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::Byte)));
        text.content_encoding("base64").into()
    }
}

#[cfg(feature = "schema")]
impl utoipa::ToSchema for Bytes {}

impl<T: AsRef<[u8]>> From<T> for Bytes {
    fn from(bytes: T) -> Self {
        Self(bytes.as_ref().to_vec())
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&BASE64.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        BASE64.decode(text.as_bytes()).map(Self).map_err(serde::de::Error::custom)
    }
}

/// A sealed entry on its way. Its bytes are those that were sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct WireEntry {
    /// Encoded envelope.
    pub envelope: Bytes,
    /// 64 bytes.
    pub signature: Bytes,
    /// What can be erased; absent once erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private: Option<WirePrivate>,
}

/// The erasable part on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct WirePrivate {
    /// 32 bytes.
    pub salt: Bytes,
    /// Encoded payload.
    pub payload: Bytes,
    /// Notes with their salts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<WireNote>,
}

/// A note on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct WireNote {
    /// 32 bytes.
    pub salt: Bytes,
    /// What somebody wrote.
    pub text: String,
}

impl From<&Sealed> for WireEntry {
    fn from(sealed: &Sealed) -> Self {
        let private = sealed.private.as_ref().map(|p| WirePrivate {
            salt: p.salt.into(),
            payload: (&p.payload).into(),
            notes: p.notes.iter().map(|n| WireNote { salt: n.salt.into(), text: n.text.clone() }).collect(),
        });
        Self { envelope: (&sealed.envelope).into(), signature: sealed.signature.into(), private }
    }
}

impl WireEntry {
    /// The sealed entry, or `None` where a part has a wrong length.
    #[must_use]
    pub fn into_sealed(self) -> Option<Sealed> {
        let private = match self.private {
            None => None,
            Some(p) => {
                let notes: Option<Vec<Note>> = p.notes.into_iter().map(|n| Some(Note { salt: n.salt.array()?, text: n.text })).collect();
                Some(Private { salt: p.salt.array()?, payload: p.payload.0, notes: notes? })
            }
        };
        Some(Sealed { signature: self.signature.array()?, envelope: self.envelope.0, private })
    }

    /// Bytes of the sealed parts, before base 64; a note counts as JSON writes it, so that a batch of these fits a body.
    #[must_use]
    pub fn sealed_bytes(&self) -> usize {
        let written = |c: char| match c {
            '"' | '\\' | '\n' => 2,
            c if c.is_control() => 6,
            c => c.len_utf8(),
        };
        let note = |n: &WireNote| 32 + n.text.chars().map(written).sum::<usize>();
        let private = self.private.as_ref().map_or(0, |p| 32 + p.payload.0.len() + p.notes.iter().map(note).sum::<usize>());
        self.envelope.0.len() + self.signature.0.len() + private
    }
}

// ---- Enrolment -------------------------------------------------------------
//
// The code is 60 bits that an agent reads aloud; it never travels. Both sides
// derive from it, by Argon2id (see `enrolment_keys`), a name to look it up by
// and a key. The server proves that it knows the code before the tablet trusts
// its certificate authority: that is how a typed code "carries" the authority's
// fingerprint, which a QR code carries in full.

/// Salt of Argon2id over an enrolment code. Public and fixed: the code is random and lives a quarter of an hour.
pub const ENROL_SALT: &[u8] = b"preau/enrol/1 code";
/// Argon2id cost over an enrolment code: memory in KiB, passes, lanes. 32 bytes come out.
pub const ENROL_ARGON2: (u32, u32, u32) = (19_456, 2, 1);

/// What both sides make of a code: the name that is sent, and the key that is not.
///
/// `derived` is Argon2id of the normalised code with [`ENROL_SALT`] and [`ENROL_ARGON2`].
#[must_use]
pub fn enrolment_keys(derived: &[u8; 32]) -> ([u8; 16], Hash) {
    let part = |label: &[u8]| -> Hash { Sha256::new().chain_update(label).chain_update(derived).finalize().into() };
    let mut name = [0; 16];
    name.copy_from_slice(&part(b"preau/enrol/1 name")[..16]);
    (name, part(b"preau/enrol/1 key"))
}

/// A code as people type it, without spaces and hyphens, in capitals, with Crockford's look-alikes put right; `None` if it isn't one.
#[must_use]
pub fn normalised_code(typed: &str) -> Option<String> {
    let mut code = String::with_capacity(limits::CODE_CHARACTERS);
    for c in typed.chars().filter(|c| !c.is_whitespace() && *c != '-') {
        match c.to_ascii_uppercase() {
            'O' => code.push('0'),
            'I' | 'L' => code.push('1'),
            c @ ('0'..='9' | 'A'..='H' | 'J' | 'K' | 'M' | 'N' | 'P'..='T' | 'V'..='Z') => code.push(c),
            _ => return None,
        }
    }
    (code.len() == limits::CODE_CHARACTERS).then_some(code)
}

/// What the server authenticates with the code's key, and what the tablet signs: both nonces, the tablet's key, the authority.
#[must_use]
pub fn enrolment_transcript(
    side: &[u8],
    public_key: &[u8; 32],
    device_nonce: &[u8; 32],
    server_nonce: &[u8; 32],
    authority: &[u8],
) -> Vec<u8> {
    let authority: Hash = Sha256::digest(authority).into();
    [b"preau/enrol/1 ".as_slice(), side, b"\0", public_key, device_nonce, server_nonce, &authority].concat()
}

/// A tablet shows its key and names a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EnrolHello {
    /// Name of the code (16 bytes).
    pub code_name: Bytes,
    /// The tablet's Ed25519 key (32 bytes).
    pub public_key: Bytes,
    /// 32 random bytes.
    pub nonce: Bytes,
}

/// The server proves that it knows the code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EnrolChallenge {
    /// 32 random bytes, good for [`limits::NONCE_LIFE_S`].
    pub nonce: Bytes,
    /// Certificate of the sync authority (DER), to be pinned.
    pub authority: Bytes,
    /// HMAC-SHA-256 under the code's key of [`enrolment_transcript`] with side `server`.
    pub proof: Bytes,
    /// The site that the code is for, so that a tablet which can't leave its own says so before it is enrolled elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteId>,
}

/// The tablet proves that it knows the code and holds its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EnrolConfirm {
    /// Name of the code (16 bytes).
    pub code_name: Bytes,
    /// The tablet's key again.
    pub public_key: Bytes,
    /// The tablet's nonce again.
    pub device_nonce: Bytes,
    /// The server's nonce.
    pub server_nonce: Bytes,
    /// HMAC-SHA-256 under the code's key of [`enrolment_transcript`] with side `device`.
    pub proof: Bytes,
    /// Ed25519 over the same bytes.
    pub signature: Bytes,
    /// "Tablette de l'entrée", as the machine names itself.
    #[serde(default)]
    pub device_name: String,
    /// The epoch that this key seals in, where it was enrolled before: a copy whose epoch was left by another is told so, and
    /// comes back with a new key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u32>,
    /// The tablet that this new key goes on for: the same folder, with the entries that it has not sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub succeeds: Option<Succession>,
}

/// Proof that a new key comes from the folder of an older tablet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Succession {
    /// The older tablet.
    pub device: DeviceId,
    /// Ed25519 by its key over [`succession_bytes`].
    pub signature: Bytes,
}

/// What an older key signs for the one that goes on: `"preau/succession/1\0"` ‖ [`enrolment_transcript`] of the new key, side `device`.
#[must_use]
pub fn succession_bytes(transcript: &[u8]) -> Vec<u8> {
    [b"preau/succession/1\0".as_slice(), transcript].concat()
}

/// The tablet is one of the site's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EnrolDone {
    /// Its id.
    pub device: DeviceId,
    /// Where it stands.
    pub site: SiteId,
    /// "École Vauban".
    pub site_name: String,
    /// Tenants of the site's centres.
    pub organisations: Vec<OrganisationId>,
    /// The epoch to seal in.
    pub epoch: u32,
    /// For the other tablets of the site; absent from a server that gives none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<PeerCertificate>,
}

// ---- Session ---------------------------------------------------------------

/// A tablet asks for a nonce.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SessionHello {
    /// Who.
    pub device: DeviceId,
}

/// The nonce to sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SessionChallenge {
    /// 32 random bytes, good for [`limits::NONCE_LIFE_S`].
    pub nonce: Bytes,
}

/// The tablet proves who it is, and shows its clocks: believed for nothing, observed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SessionProof {
    /// Who.
    pub device: DeviceId,
    /// The nonce.
    pub nonce: Bytes,
    /// Ed25519 over [`session_bytes`].
    pub signature: Bytes,
    /// The epoch that it seals in.
    pub epoch: u32,
    /// Which boot.
    pub boot: crate::id::BootId,
    /// CLOCK_BOOTTIME now.
    pub boottime_ms: u64,
    /// Wall clock now.
    pub wall_ms: i64,
    /// What it can do, by name.
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// Version of the program, for the fleet page.
    #[serde(default)]
    pub version: String,
    /// When the certificate that it holds for the other tablets of its site ends, ms since 1970 UTC; absent where it holds none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_until_ms: Option<i64>,
}

/// What a tablet signs to open a session: `"preau/session/1\0"` ‖ nonce ‖ device ‖ boot ‖ boottime ‖ wall clock.
#[must_use]
pub fn session_bytes(nonce: &[u8], device: DeviceId, boot: crate::id::BootId, boottime_ms: u64, wall_ms: i64) -> Vec<u8> {
    [b"preau/session/1\0".as_slice(), nonce, device.0.as_bytes(), boot.0.as_bytes(), &boottime_ms.to_be_bytes(), &wall_ms.to_be_bytes()]
        .concat()
}

/// Days without an exchange after which a tablet locks its data, where nobody said otherwise: longer than a fortnight's holiday of one
/// that is switched off is rare, and a list that old knows neither today's bookings nor who was barred since.
pub const DATA_LOCK_DAYS: u32 = 14;
/// What an installation may set instead. A tablet takes the nearest of these: no server's word locks it at once, or never.
pub const DATA_LOCK_DAYS_ALLOWED: RangeInclusive<u32> = 2..=365;

/// A session of [`limits::SESSION_LIFE_S`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Session {
    /// Bearer token.
    pub token: String,
    /// How long it lives.
    pub life_s: u32,
    /// Random; changes when the server was restored from a backup.
    pub server_epoch: String,
    /// The server's wall clock, ms since 1970 UTC.
    pub server_ms: i64,
    /// Last number of the device's epoch up to which the server holds every place.
    pub contiguous_seq: u64,
    /// What the server can do, by name.
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// For whom exports are sealed: an age recipient (`age1…`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub export_recipient: Option<String>,
    /// After how many days without an exchange the tablet erases its list of children until the server answers again
    /// ([`DATA_LOCK_DAYS`] where it isn't said). Since December 2026.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock_after_days: Option<u32>,
    /// A new certificate for the other tablets of the site, to a tablet that can do [`peers::PEERS`] and whose own lives for few
    /// days more; a revoked tablet gets none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<PeerCertificate>,
}

// ---- Push ------------------------------------------------------------------

/// Sealed entries, at most [`limits::PUSH_ENTRIES_MAX`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Push {
    /// In order of their numbers.
    pub entries: Vec<WireEntry>,
}

/// One verdict an entry, in the order of the push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PushAnswer {
    /// See [`Session::server_epoch`].
    pub server_epoch: String,
    /// See [`Session::contiguous_seq`].
    pub contiguous_seq: u64,
    /// As many as entries.
    pub verdicts: Vec<Verdict>,
}

/// What became of an entry. Final, except `held`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Verdict {
    /// Its id; `None` where the bytes are no envelope.
    pub entry: Option<EntryId>,
    /// What.
    pub verdict: VerdictKind,
    /// Why, for `quarantined` and `refused`: a stable name. For `accepted` and `duplicate`: [`FORK`] where another entry stands at
    /// the same place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum VerdictKind {
    /// Verified and stored.
    Accepted,
    /// The same bytes were stored before: as good as accepted.
    Duplicate,
    /// Stored, waiting for the entries before it.
    Held,
    /// Stored apart: a person decides.
    Quarantined,
    /// Not an envelope, or a wrong signature: takes no place.
    Refused,
}

impl VerdictKind {
    /// Whether the server durably holds the entry, so that the tablet need not send it again.
    #[must_use]
    pub fn is_stored(self) -> bool {
        !matches!(self, Self::Refused)
    }
}

// ---- Pull ------------------------------------------------------------------

/// Changes after a cursor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Pull {
    /// Number of the last change that the tablet holds; 0 for all.
    pub cursor: u64,
    /// The server epoch that the cursor belongs to; empty at first.
    #[serde(default)]
    pub server_epoch: String,
    /// How the tablet is; absent from one that doesn't say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<TabletReport>,
    /// The whole roster is asked for, and how far it has come; absent: changes after the cursor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<Snapshot>,
}

/// Changes in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PullAnswer {
    /// See [`Session::server_epoch`].
    pub server_epoch: String,
    /// Cursor after these changes.
    pub cursor: u64,
    /// Whether there are more.
    pub more: bool,
    /// At most [`limits::PULL_CHANGES_MAX`]. A reader takes each by itself and steps over one that it doesn't know: a newer server
    /// must not keep an older tablet from its barred adults.
    pub changes: Vec<Change>,
    /// Where the snapshot that was asked for goes on; absent where none was, and from a server that knows none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<Snapshot>,
}

/// One change of what a tablet knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Change {
    /// Its number at the site.
    pub number: u64,
    /// What changes.
    #[serde(flatten)]
    pub body: ChangeBody,
}

/// What changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "change", content = "of")]
pub enum ChangeBody {
    /// The roster item of a key is now this.
    Put(Item),
    /// The roster item of a [`Key`](crate::roster::Key) is gone.
    Remove(String),
    /// Another device's entry, or the server's, with the key that signed it.
    Entry {
        /// The sealed bytes.
        entry: WireEntry,
        /// Ed25519 key of its device (32 bytes).
        key: Bytes,
    },
    /// Payload, salt and notes of this entry are to be deleted.
    Forget(EntryId),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        assert_eq!(normalised_code("7kqm-3xo2-abil"), Some("7KQM3X02AB11".into()));
        assert_eq!(normalised_code(" 7KQM 3X02 AB11 "), Some("7KQM3X02AB11".into()));
        for wrong in ["", "7KQM3X02AB1", "7KQM3X02AB111", "7KQM3X02ABU1", "7KQM3X02ABé1"] {
            assert_eq!(normalised_code(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_unknown_field_is_no_error_and_a_change_reads_back() {
        let answer = r#"{"server_epoch":"e","cursor":7,"more":false,"new":1,"changes":[{"number":7,"change":"remove","of":"child:x"}]}"#;
        let answer: PullAnswer = serde_json::from_str(answer).unwrap();
        assert_eq!(answer.changes, [Change { number: 7, body: ChangeBody::Remove("child:x".into()) }]);
    }
}
