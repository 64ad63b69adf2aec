//! Reading and writing fixed layouts: big-endian integers, 16-byte ids,
//! length-prefixed UTF-8. Strict: what a writer can't have written is refused.

use uuid::Uuid;

/// Why bytes are not what they claim to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The bytes end before the layout does.
    #[error("truncated: {missing} more bytes expected at offset {offset}")]
    Truncated {
        /// Where reading stopped.
        offset: usize,
        /// How many bytes were missing.
        missing: usize,
    },
    /// Bytes remain after the layout's end.
    #[error("{0} bytes too many")]
    TooLong(usize),
    /// A text that isn't UTF-8.
    #[error("text at offset {0} is not UTF-8")]
    NotUtf8(usize),
    /// A number outside what its field allows.
    #[error("field {field} has value {value}, which this version doesn't know")]
    UnknownCode {
        /// Name of the field.
        field: &'static str,
        /// What stood there.
        value: u64,
    },
    /// A field that breaks a rule of the layout.
    #[error("field {0} is not allowed here")]
    NotAllowed(&'static str),
}

/// 31 December 9999, 23:59:59.999 UTC.
const INSTANT_MS_MAX: i64 = 253_402_300_799_999;

/// A value outside what its field allows is brought to the nearest end: a wrong clock must not make a touch unreadable.
#[derive(Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn u8(&mut self, value: u8) -> &mut Self {
        self.0.push(value);
        self
    }
    pub(super) fn u16(&mut self, value: u16) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }
    pub(super) fn u32(&mut self, value: u32) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }
    pub(super) fn u64(&mut self, value: u64) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }
    /// A count that also fits a signed 64-bit column.
    pub(super) fn count63(&mut self, value: u64) -> &mut Self {
        self.u64(value.min(i64::MAX.unsigned_abs()))
    }
    pub(super) fn i64(&mut self, value: i64) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }
    /// An instant in ms since 1970 UTC, until the end of 9999.
    pub(super) fn instant(&mut self, at_ms: i64) -> &mut Self {
        self.i64(at_ms.clamp(0, INSTANT_MS_MAX))
    }
    pub(super) fn i32(&mut self, value: i32) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }
    pub(super) fn id(&mut self, value: Uuid) -> &mut Self {
        self.raw(value.as_bytes())
    }
    pub(super) fn raw(&mut self, value: &[u8]) -> &mut Self {
        self.0.extend_from_slice(value);
        self
    }
    /// Text behind a length of one byte: without control characters, cut at a character's start where it is too long.
    pub(super) fn text8(&mut self, value: &str) -> &mut Self {
        let value = &clean(value, usize::from(u8::MAX), &[]);
        self.u8(u8::try_from(value.len()).unwrap_or(u8::MAX)).raw(value.as_bytes())
    }
    /// Bytes behind a length of two bytes.
    ///
    /// # Panics
    /// Above 65,535 bytes, which the callers' own limits rule out.
    pub(super) fn blob16(&mut self, value: &[u8]) -> &mut Self {
        self.u16(u16::try_from(value.len()).expect("limits keep a blob below 64 KiB")).raw(value)
    }
    pub(super) fn finish(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }
}

/// A text as it may be sealed: no control character but those kept, at most a number of bytes, whole characters.
///
/// Control characters have no place in a name or a code, a zero can't be stored by PostgreSQL, and JSON writes six bytes for one.
pub(super) fn clean(text: &str, bytes_max: usize, kept: &[char]) -> String {
    let mut out = String::with_capacity(text.len().min(bytes_max));
    for c in text.chars().filter(|c| !c.is_control() || kept.contains(c)) {
        if out.len() + c.len_utf8() > bytes_max {
            break;
        }
        out.push(c);
    }
    out
}

pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0 }
    }
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let rest = &self.bytes[self.offset..];
        if rest.len() < count {
            return Err(Malformed::Truncated { offset: self.offset, missing: count - rest.len() });
        }
        self.offset += count;
        Ok(&rest[..count])
    }
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }
    pub(super) fn u8(&mut self) -> Result<u8, Malformed> {
        self.array().map(u8::from_be_bytes)
    }
    pub(super) fn u16(&mut self) -> Result<u16, Malformed> {
        self.array().map(u16::from_be_bytes)
    }
    pub(super) fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_be_bytes)
    }
    pub(super) fn u64(&mut self) -> Result<u64, Malformed> {
        self.array().map(u64::from_be_bytes)
    }
    /// A count that also fits a signed 64-bit column.
    pub(super) fn count63(&mut self) -> Result<u64, Malformed> {
        let value = self.u64()?;
        if i64::try_from(value).is_err() { Err(Malformed::NotAllowed("a count above 63 bits")) } else { Ok(value) }
    }
    pub(super) fn i64(&mut self) -> Result<i64, Malformed> {
        self.array().map(i64::from_be_bytes)
    }
    /// An instant in ms since 1970 UTC, until the end of 9999: no Linux clock can be set outside it.
    pub(super) fn instant(&mut self) -> Result<i64, Malformed> {
        let at_ms = self.i64()?;
        if (0..=INSTANT_MS_MAX).contains(&at_ms) { Ok(at_ms) } else { Err(Malformed::NotAllowed("an instant before 1970 or after 9999")) }
    }
    pub(super) fn i32(&mut self) -> Result<i32, Malformed> {
        self.array().map(i32::from_be_bytes)
    }
    pub(super) fn id<T: From<Uuid>>(&mut self) -> Result<T, Malformed> {
        self.array().map(|bytes| T::from(Uuid::from_bytes(bytes)))
    }
    pub(super) fn text8(&mut self) -> Result<String, Malformed> {
        let length = usize::from(self.u8()?);
        let offset = self.offset;
        let text = std::str::from_utf8(self.take(length)?).map_err(|_| Malformed::NotUtf8(offset))?;
        if text.chars().any(char::is_control) {
            return Err(Malformed::NotAllowed("a control character in a text"));
        }
        Ok(text.to_owned())
    }
    pub(super) fn blob16(&mut self) -> Result<&'a [u8], Malformed> {
        let length = usize::from(self.u16()?);
        self.take(length)
    }
    pub(super) fn finish(self) -> Result<(), Malformed> {
        match self.bytes.len() - self.offset {
            0 => Ok(()),
            more => Err(Malformed::TooLong(more)),
        }
    }
}
