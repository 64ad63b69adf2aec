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
    pub(super) fn i64(&mut self, value: i64) -> &mut Self {
        self.raw(&value.to_be_bytes())
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
    /// Text behind a length of one byte, cut at a character's start where it is too long.
    pub(super) fn text8(&mut self, value: &str) -> &mut Self {
        let value = cut(value, usize::from(u8::MAX));
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

/// The longest prefix of whole characters within a number of bytes.
pub(super) fn cut(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
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
    pub(super) fn i64(&mut self) -> Result<i64, Malformed> {
        self.array().map(i64::from_be_bytes)
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
