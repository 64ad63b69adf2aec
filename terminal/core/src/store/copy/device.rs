//! Who the tablet is, kept a second time: `copy/device.json`, so that a
//! damaged journal doesn't cost the enrolment.

use super::{SecondCopy, replace};
use crate::store::{Identity, StoreError};
use std::path::PathBuf;

impl SecondCopy {
    fn device_path(&self) -> PathBuf {
        self.dir.join("device.json")
    }

    /// Who the tablet is, as last kept; `None` where nothing readable is there.
    pub(in crate::store) fn identity(&self) -> Option<Identity> {
        let text = std::fs::read_to_string(self.device_path()).ok()?;
        let (crc, json) = text.split_once('\n')?;
        if u32::from_str_radix(crc, 16).ok()? != crc32fast::hash(json.as_bytes()) {
            tracing::error!("the second copy of who this tablet is is damaged; it is written again from the journal");
            return None;
        }
        serde_json::from_str(json).ok()
    }

    /// Keeps who the tablet is, where that is new.
    ///
    /// # Errors
    /// A failed write: the old copy stands.
    pub(in crate::store) fn keep_identity(&self, identity: &Identity) -> Result<(), StoreError> {
        if self.identity().as_ref() == Some(identity) {
            return Ok(());
        }
        let json = serde_json::to_string(identity).map_err(|e| StoreError::Refused(e.to_string()))?;
        let text = format!("{:08x}\n{json}", crc32fast::hash(json.as_bytes()));
        let path = self.device_path();
        std::fs::create_dir_all(&self.dir).and_then(|()| replace(&path, text.as_bytes())).map_err(|e| StoreError::io(&path, &e))
    }
}
