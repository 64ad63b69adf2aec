//! The bytes of one segment. **Frozen since its first release.**
//!
//! A segment is the eight bytes of [`MAGIC`], then records:
//!
//! | bytes | field |
//! |---|---|
//! | 4 | length of the body, big-endian as all that follows |
//! | 4 | CRC-32 (IEEE) of the body |
//! | 1 | version of the body, 1 |
//! | 8 | wall clock at sealing, ms since 1970 UTC |
//! | 64 | signature |
//! | 2 + n | envelope |
//! | 1 | 0: forgotten, and nothing follows; 1: the private part follows |
//! | 32 + 4 + n | salt and payload |
//! | 1, then 32 + 2 + n each | notes: salt and text |

use shared::journal::{Note, Private, Sealed};

/// What a segment begins with.
pub(super) const MAGIC: &[u8; 8] = b"PREAUSG1";
/// Longest body: twice what the limits of payload, notes and envelope allow. A longer length is damage.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// Length and CRC.
const HEAD_BYTES: usize = 8;
const VERSION: u8 = 1;

/// One of this tablet's own entries, as the second copy keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Kept {
    /// Wall clock at sealing, ms since 1970 UTC: which month it lies in, and the age of the queue after a salvage.
    pub(in crate::store) sealed_at_ms: i64,
    /// The sealed bytes.
    pub(in crate::store) sealed: Sealed,
}

/// What the bytes of a segment came to.
#[derive(Debug, PartialEq, Eq, Default)]
pub(super) struct Read {
    /// Records that hold, in the order of the file.
    pub(super) records: Vec<Kept>,
    /// Up to where the last one of them goes.
    pub(super) good_bytes: u64,
    /// Whether there is damage before that: what lies behind is only a torn tail.
    pub(super) damaged: bool,
}

/// Appends a record.
pub(super) fn write(kept: &Kept, out: &mut Vec<u8>) {
    let mut body = vec![VERSION];
    body.extend(kept.sealed_at_ms.to_be_bytes());
    body.extend(kept.sealed.signature);
    text16(&kept.sealed.envelope, &mut body);
    match &kept.sealed.private {
        None => body.push(0),
        Some(private) => {
            body.push(1);
            body.extend(private.salt);
            body.extend(u32::try_from(private.payload.len()).unwrap_or(u32::MAX).to_be_bytes());
            body.extend(&private.payload);
            body.push(u8::try_from(private.notes.len()).unwrap_or(u8::MAX));
            for note in &private.notes {
                body.extend(note.salt);
                text16(note.text.as_bytes(), &mut body);
            }
        }
    }
    out.extend(u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend(crc32fast::hash(&body).to_be_bytes());
    out.extend(body);
}

/// Bytes behind a length; the limits of sealing keep envelopes and notes far below 64 KiB.
fn text16(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend(u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes());
    out.extend(bytes);
}

/// Reads a segment. Damage costs the records that it lies in, no others.
pub(super) fn read(bytes: &[u8]) -> Read {
    let mut read = Read { good_bytes: 0, ..Read::default() };
    let mut at = if bytes.starts_with(MAGIC) { MAGIC.len() } else { 0 };
    let mut skipped = at == 0 && !bytes.is_empty();
    read.good_bytes = at as u64;
    while at < bytes.len() {
        match record(&bytes[at..]) {
            Some((kept, length)) => {
                at += length;
                read.records.push(kept);
                read.damaged |= skipped;
                read.good_bytes = at as u64;
            }
            // A length may be damaged too: the next record is wherever one begins whose CRC holds.
            None => {
                skipped = true;
                at += 1;
            }
        }
    }
    // Without its first bytes it is no segment to append to.
    read.damaged |= !bytes.is_empty() && !bytes.starts_with(MAGIC);
    read
}

fn record(bytes: &[u8]) -> Option<(Kept, usize)> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (crc, rest) = rest.split_first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok().filter(|n| (1..=BODY_BYTES_MAX).contains(n))?;
    let body = rest.get(..length).filter(|body| body[0] == VERSION && crc32fast::hash(body) == u32::from_be_bytes(*crc))?;
    Some((Fields(&body[1..]).kept()?, HEAD_BYTES + length))
}

/// What is left of a body.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    fn bytes(&mut self, count: usize) -> Option<Vec<u8>> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes.to_vec())
    }

    fn text16(&mut self) -> Option<Vec<u8>> {
        let length = u16::from_be_bytes(self.array()?);
        self.bytes(usize::from(length))
    }

    fn kept(mut self) -> Option<Kept> {
        let sealed_at_ms = i64::from_be_bytes(self.array()?);
        let signature = self.array()?;
        let envelope = self.text16()?;
        let private = match self.array()? {
            [0] => None,
            _ => Some(self.private()?),
        };
        self.0.is_empty().then_some(Kept { sealed_at_ms, sealed: Sealed { envelope, signature, private } })
    }

    fn private(&mut self) -> Option<Private> {
        let salt = self.array()?;
        let length = usize::try_from(u32::from_be_bytes(self.array()?)).ok()?;
        let payload = self.bytes(length)?;
        let [count] = self.array()?;
        let mut note = || Some(Note { salt: self.array()?, text: String::from_utf8(self.text16()?).ok()? });
        let notes = (0..count).map(|_| note()).collect::<Option<_>>()?;
        Some(Private { salt, payload, notes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(number: u8, notes: &[&str]) -> Kept {
        let notes = notes.iter().map(|text| Note { salt: [9; 32], text: (*text).to_owned() }).collect();
        let private = Private { salt: [number; 32], payload: vec![number; 120], notes };
        Kept {
            sealed_at_ms: 1_790_000_000_000,
            sealed: Sealed { envelope: vec![number; 157], signature: [number; 64], private: Some(private) },
        }
    }

    fn segment(records: &[Kept]) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        records.iter().for_each(|kept| write(kept, &mut out));
        out
    }

    #[test]
    fn what_is_written_is_read() {
        let mut records = vec![kept(1, &[]), kept(2, &["Camille Tanguy", "au portail"]), kept(3, &[])];
        records[2].sealed.private = None;
        let bytes = segment(&records);
        let read = read(&bytes);
        assert_eq!((read.good_bytes, read.damaged), (bytes.len() as u64, false));
        assert_eq!(read.records, records);
    }

    #[test]
    fn a_tail_torn_at_any_byte_costs_the_last_record_alone() {
        let records = [kept(1, &[]), kept(2, &["au portail"])];
        let (whole, first) = (segment(&records), segment(&records[..1]));
        for length in first.len()..whole.len() {
            let read = read(&whole[..length]);
            assert_eq!((read.records.len(), read.good_bytes, read.damaged), (1, first.len() as u64, false), "cut at {length}");
        }
        for length in 0..first.len() {
            assert!(read(&whole[..length]).records.is_empty(), "cut at {length}");
        }
    }

    #[test]
    fn a_flipped_byte_costs_one_record_wherever_it_is() {
        let records = [kept(1, &[]), kept(2, &["au portail"]), kept(3, &[])];
        let whole = segment(&records);
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x40;
            let read = read(&bytes);
            assert!(read.records.len() >= 2, "byte {at}: {} records left", read.records.len());
            assert!(read.records.iter().all(|kept| records.contains(kept)), "byte {at}");
            assert!(read.damaged || read.good_bytes < whole.len() as u64, "byte {at}: nobody noticed");
        }
    }
}
