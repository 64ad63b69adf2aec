//! Bodies in gzip, both ways, with a ceiling on what they become.

use flate2::Compression;
use flate2::read::{GzDecoder, GzEncoder};
use std::io::{Error, ErrorKind, Read};

/// Bodies below this many bytes fit in one packet anyway, and go as they are.
pub const COMPRESSED_FROM_BYTES: usize = 1024;

/// Compresses a body; `None` where it isn't worth it.
#[must_use]
pub fn compressed(body: &[u8]) -> Option<Vec<u8>> {
    if body.len() < COMPRESSED_FROM_BYTES {
        return None;
    }
    let mut out = Vec::new();
    GzEncoder::new(body, Compression::default()).read_to_end(&mut out).ok()?;
    Some(out)
}

/// Reads a body, decompressed where it is compressed, of at most so many bytes.
///
/// # Errors
/// A line that broke; [`ErrorKind::InvalidData`] where the bytes are no gzip, or become too many.
pub fn read(from: impl Read, is_compressed: bool, bytes_max: u64) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    if is_compressed {
        // What is compressed isn't longer than what it becomes: the same ceiling holds for both.
        let decoder = GzDecoder::new(from.take(bytes_max));
        decoder.take(bytes_max + 1).read_to_end(&mut body).map_err(|error| match error.kind() {
            ErrorKind::InvalidInput => Error::new(ErrorKind::InvalidData, error),
            _ => error,
        })?;
    } else {
        from.take(bytes_max + 1).read_to_end(&mut body)?;
    }
    if u64::try_from(body.len()).unwrap_or(u64::MAX) > bytes_max {
        return Err(Error::new(ErrorKind::InvalidData, "an answer above the limit"));
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BYTES_MAX: u64 = 100_000;

    #[test]
    fn a_bomb_is_refused_at_the_ceiling_and_not_a_byte_later() {
        let filled = |bytes: u64| compressed(&vec![b'x'; usize::try_from(bytes).unwrap()]).unwrap();
        assert_eq!(read(filled(BYTES_MAX).as_slice(), true, BYTES_MAX).unwrap().len() as u64, BYTES_MAX);
        let bomb = filled(BYTES_MAX + 1);
        assert!(bomb.len() < 1_000, "it looks like nothing");
        assert_eq!(read(bomb.as_slice(), true, BYTES_MAX).unwrap_err().kind(), ErrorKind::InvalidData);
        let plain = vec![b'x'; usize::try_from(BYTES_MAX + 1).unwrap()];
        assert_eq!(read(plain.as_slice(), false, BYTES_MAX).unwrap_err().kind(), ErrorKind::InvalidData);
        assert_eq!(read(&plain[1..], false, BYTES_MAX).unwrap().len() as u64, BYTES_MAX);
    }

    #[test]
    fn a_short_body_goes_as_it_is() {
        assert_eq!(compressed(&[b'x'; COMPRESSED_FROM_BYTES - 1]), None);
        assert!(compressed(&[b'x'; COMPRESSED_FROM_BYTES]).is_some_and(|out| out.len() < 100));
    }

    proptest! {
        #[test]
        fn whatever_is_compressed_comes_back_and_whatever_comes_is_read_or_refused(
            body in proptest::collection::vec(any::<u8>(), COMPRESSED_FROM_BYTES..4_096),
            at in any::<prop::sample::Index>(),
            other in any::<u8>(),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut sent = compressed(&body).unwrap();
            prop_assert_eq!(read(sent.as_slice(), true, BYTES_MAX).unwrap(), body.clone());
            prop_assert!(read(&sent[..cut.index(sent.len())], true, BYTES_MAX).is_err(), "cut short");
            let at = at.index(sent.len());
            sent[at] = other;
            // Its check sum tells: another body never comes out of it.
            if let Ok(came) = read(sent.as_slice(), true, BYTES_MAX) {
                prop_assert_eq!(came, body.clone());
            }
            let _ = read(body.as_slice(), true, BYTES_MAX);
        }
    }
}
