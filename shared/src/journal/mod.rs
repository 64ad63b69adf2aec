//! The journal: sealed facts, never edited.
//!
//! **Frozen since format 1.** The bytes of an [`Envelope`] are what is signed,
//! stored, sent, exchanged and exported; nobody re-encodes them. All that is
//! about a person stands in the [`Payload`] and in notes, which the envelope
//! knows by their hash only: to erase is to delete these, and the chain still
//! verifies.
//!
//! Golden bytes (`tests/golden/`) and a second verifier in another language
//! (`tests/system/verify_journal.py` of the workspace) hold this page to its
//! word.
//!
//! | thing | bytes that are hashed or signed |
//! |---|---|
//! | signature (Ed25519) | `"preau/entry/1\0"` ‖ envelope |
//! | hash of an entry (SHA-256) | `"preau/entry/1\0"` ‖ envelope |
//! | `payload_hash` (SHA-256) | `"preau/payload/1"` ‖ 32 bytes of salt ‖ payload |
//! | hash of a note (SHA-256) | `"preau/note/1"` ‖ 32 bytes of salt ‖ UTF-8 text |

mod bytes;
mod chain;
mod codes;
mod detail;
mod envelope;
mod kind;
mod payload;
mod sealing;
mod someone;

pub use bytes::Malformed;
pub use chain::{Break, BreakKind, Report, StoredEntry, verify};
pub use codes::{ActorKind, Capacity, Channel, Evidence, LeftTo};
pub use detail::{Detail, HEADS_MAX, Head};
pub use envelope::{ENVELOPE_BYTES_MAX, Envelope, FORMAT, Hash, Place, hash_of, signed_bytes};
pub use kind::{ALARM, DISCARDED, DRILL, KEPT, KIND_BYTES_MAX, Kind, MISTAKE};
pub use payload::{Actor, Moment, NOTES_MAX, PAYLOAD_BYTES_MAX, Payload, Prefix, TEXT_BYTES_MAX};
pub use sealing::{
    ChainHead, Draft, NOTE_BYTES_MAX, Note, Private, Salt, Sealed, SigningKey, VerifyingKey, check_signature, note_hash, payload_hash, seal,
};
pub use someone::{NotSomeone, Someone};
