//! The children's photos, and those of the adults who may take them: by the hash of their bytes, one at a time.
//!
//! One at a time: a line that breaks costs one photo, and what the tablet seals meanwhile goes before the next one. The answer is the
//! JPEG itself: base 64 would cost a third more of a slow line, and no one compresses a JPEG.

use super::Bytes;
use serde::{Deserialize, Serialize};

/// Most bytes of a photo. The server makes them smaller than this: at most 512 pixels, from a file of at most 200 KiB.
pub const PHOTO_BYTES_MAX: usize = 512 * 1024;

/// A tablet asks for a photo that an item of its site's roster shows. The answer is `image/jpeg`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PhotoAsk {
    /// The key of the item that shows it: the server looks nowhere else.
    pub item: String,
    /// SHA-256 of the JPEG, as the item says it (32 bytes).
    pub hash: Bytes,
}
