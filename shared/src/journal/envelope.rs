//! The signed envelope: no personal data, a fixed layout.
//!
//! | offset | bytes | field |
//! |---|---|---|
//! | 0 | 2 | `format` = 1 |
//! | 2 | 16 | `organisation_id` |
//! | 18 | 16 | `site_id` |
//! | 34 | 16 | `device_id` |
//! | 50 | 4 | `device_epoch`, from 1 |
//! | 54 | 8 | `seq`, from 1 in each epoch, no hole |
//! | 62 | 32 | `prev_hash`: of the entry before; at seq 1 the last hash that the device holds of earlier epochs, or zeroes |
//! | 94 | 16 | `entry_id` |
//! | 110 | 1 + n | `kind`: length, then 1 to 32 bytes of `[a-z0-9_]` |
//! | 111 + n | 2 | `kind_version`, from 1 |
//! | 113 + n | 32 | `payload_hash` |

use super::bytes::{Malformed, Reader, Writer};
use super::kind::{KIND_BYTES_MAX, Kind};
use crate::id::{DeviceId, EntryId, OrganisationId, SiteId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The only format there is.
pub const FORMAT: u16 = 1;
/// Longest envelope, in bytes.
pub const ENVELOPE_BYTES_MAX: usize = 145 + KIND_BYTES_MAX;
/// What stands before an envelope where it is signed or hashed.
const DOMAIN: &[u8] = b"preau/entry/1\0";

/// A SHA-256.
pub type Hash = [u8; 32];

/// Where an entry stands: one device, one epoch, one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// Who sealed it.
    pub device: DeviceId,
    /// Which life of the device, from 1.
    pub epoch: u32,
    /// Its number in that life, from 1.
    pub seq: u64,
}

/// The signed part of an entry. Frozen since format 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Whose fact it is: the tenant of the centre.
    pub organisation: OrganisationId,
    /// The building.
    pub site: SiteId,
    /// Device, epoch and number.
    pub place: Place,
    /// Hash of the entry before.
    pub prev_hash: Hash,
    /// The entry's name, made before its first use.
    pub entry_id: EntryId,
    /// What it says happened.
    pub kind: Kind,
    /// Version of the payload's detail for this kind, from 1.
    pub kind_version: u16,
    /// Hash of salt and payload.
    pub payload_hash: Hash,
}

impl Envelope {
    /// The bytes that are signed, stored and sent. Called once in an entry's life: at sealing.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.u16(FORMAT).id(self.organisation.0).id(self.site.0).id(self.place.device.0);
        out.u32(self.place.epoch).u64(self.place.seq).raw(&self.prev_hash).id(self.entry_id.0);
        out.text8(self.kind.as_str()).u16(self.kind_version).raw(&self.payload_hash);
        out.finish()
    }

    /// Reads an envelope, strictly: what [`Self::encode`] can't have written is refused.
    ///
    /// # Errors
    /// What is wrong and where.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut from = Reader::new(bytes);
        let format = from.u16()?;
        if format != FORMAT {
            return Err(Malformed::UnknownCode { field: "format", value: u64::from(format) });
        }
        let (organisation, site, device) = (from.id()?, from.id()?, from.id()?);
        let place = Place { device, epoch: from.u32()?, seq: from.u64()? };
        let (prev_hash, entry_id) = (from.array()?, from.id()?);
        let kind = Kind::parse(&from.text8()?).ok_or(Malformed::NotAllowed("kind"))?;
        let (kind_version, payload_hash) = (from.u16()?, from.array()?);
        from.finish()?;
        let read = Self { organisation, site, place, prev_hash, entry_id, kind, kind_version, payload_hash };
        // Sequence numbers travel through signed 64-bit columns: half the range is refused here, once.
        if place.epoch == 0 || place.seq == 0 || i64::try_from(place.seq).is_err() || i32::try_from(place.epoch).is_err() {
            return Err(Malformed::NotAllowed("device_epoch or seq"));
        }
        if kind_version == 0 {
            return Err(Malformed::NotAllowed("kind_version"));
        }
        if organisation.is_nil() || site.is_nil() || device.is_nil() || entry_id.is_nil() {
            return Err(Malformed::NotAllowed("an id of zeroes"));
        }
        Ok(read)
    }
}

/// What is signed and hashed of an envelope's bytes.
#[must_use]
pub fn signed_bytes(envelope: &[u8]) -> Vec<u8> {
    [DOMAIN, envelope].concat()
}

/// The hash of an entry, by its envelope's bytes: what the next one carries as `prev_hash`.
#[must_use]
pub fn hash_of(envelope: &[u8]) -> Hash {
    Sha256::new().chain_update(DOMAIN).chain_update(envelope).finalize().into()
}
