//! Who the tablet is, kept a second time: `copy/device.json`, so that a
//! damaged journal doesn't cost the enrolment.

use super::{SecondCopy, replace};
use crate::store::{Identity, StoreError};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Who the tablet is, and by which keys it signed before: the segments hold what its earlier lives sealed too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct Lives {
    #[serde(flatten)]
    pub(in crate::store) identity: Identity,
    /// Ed25519 public keys.
    #[serde(default)]
    pub(in crate::store) earlier: Vec<[u8; 32]>,
}

impl SecondCopy {
    fn device_path(&self) -> PathBuf {
        self.dir.join("device.json")
    }

    /// Who the tablet is, as last kept; `None` where nothing readable is there.
    pub(in crate::store) fn lives(&self) -> Option<Lives> {
        let text = std::fs::read_to_string(self.device_path()).ok()?;
        let (crc, json) = text.split_once('\n')?;
        if u32::from_str_radix(crc, 16).ok()? != crc32fast::hash(json.as_bytes()) {
            tracing::error!("the second copy of who this tablet is is damaged; it is written again from the journal");
            return None;
        }
        serde_json::from_str(json).ok()
    }

    /// Keeps who the tablet is and was, where that is new.
    ///
    /// # Errors
    /// A failed write: the old copy stands.
    pub(in crate::store) fn keep_lives(&self, lives: &Lives) -> Result<(), StoreError> {
        if self.lives().as_ref() == Some(lives) {
            return Ok(());
        }
        let json = serde_json::to_string(lives).map_err(|e| StoreError::Refused(e.to_string()))?;
        let text = format!("{:08x}\n{json}", crc32fast::hash(json.as_bytes()));
        let path = self.device_path();
        std::fs::create_dir_all(&self.dir).and_then(|()| replace(&path, text.as_bytes())).map_err(|e| StoreError::io(&path, &e))
    }
}
