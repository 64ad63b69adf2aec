//! The epochs that this tablet leaves: why, by which request, and what the server answered.
//!
//! A request is on disk before it is sent, so that a lost reply costs a repeat; it stays there afterwards, so that a server that was
//! restored from an older backup is asked again for what it no longer remembers giving.

use super::device::identity_of;
use super::{Journal, StoreError};
use crate::entropy::{SystemEntropy, bytes};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use shared::id::DeviceId;
use shared::wire::EpochReason;

/// A request for the epoch after one that the tablet can't go on in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpochRequest {
    /// The epoch that it leaves.
    pub leaves: u32,
    /// Why.
    pub reason: EpochReason,
    /// Names the request: random, the same each time it is sent.
    pub id: [u8; 32],
}

impl Journal {
    /// The request that waits for its answer, if the tablet is to leave its epoch.
    ///
    /// # Errors
    /// A failed read.
    pub fn needs_epoch(&self) -> Result<Option<EpochRequest>, StoreError> {
        let Some(identity) = self.identity()? else { return Ok(None) };
        waiting(&self.connection, identity.device, identity.epoch)
    }

    /// Marks that the tablet is to leave its epoch, with a new request; where one waits already, that one stands. Durable on return.
    ///
    /// # Errors
    /// A tablet that isn't enrolled, no randomness, or a failed write.
    pub fn set_needs_epoch(&mut self, reason: EpochReason) -> Result<EpochRequest, StoreError> {
        let id: [u8; 32] = bytes(&mut SystemEntropy)?;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let identity = identity_of(&transaction)?.ok_or(StoreError::NotEnrolled)?;
        let request = match waiting(&transaction, identity.device, identity.epoch)? {
            Some(before) => before,
            None => {
                let sql = "INSERT INTO epoch_request (device_id, leaves, reason, request_id, given) VALUES (?1, ?2, ?3, ?4, 0)";
                transaction.execute(sql, params![identity.device.0.as_bytes(), identity.epoch, reason.code(), id])?;
                EpochRequest { leaves: identity.epoch, reason, id }
            }
        };
        transaction.commit()?;
        Ok(request)
    }

    /// Stores the epoch that the server gave for a request, and that all is to be pulled anew. The next entry opens it.
    ///
    /// # Errors
    /// A failed write: the request still waits.
    pub fn epoch_given(&mut self, leaves: u32, epoch: u32) -> Result<(), StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction
            .execute("UPDATE epoch_request SET given = 1 WHERE leaves = ?1 AND device_id = (SELECT device_id FROM device)", [leaves])?;
        // An epoch never goes back, whatever an old answer says.
        transaction.execute("UPDATE device SET epoch = ?2, pull_anew = 1 WHERE epoch = ?1", params![leaves, epoch])?;
        transaction.commit()?;
        self.keep_identity_twice();
        Ok(())
    }

    /// The requests that gave this tablet its epochs, in their order.
    ///
    /// # Errors
    /// A failed read.
    pub fn epochs_given(&self) -> Result<Vec<EpochRequest>, StoreError> {
        let sql = "SELECT leaves, reason, request_id FROM epoch_request JOIN device USING (device_id) WHERE given = 1 ORDER BY leaves";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        rows.map(|row| request(row?)).collect()
    }

    /// Why an epoch was opened, as `epoch_opened` seals it.
    ///
    /// # Errors
    /// A failed read.
    pub fn cause_of(&self, epoch: u32) -> Result<&'static str, StoreError> {
        let before = self.epochs_given()?.into_iter().find(|request| request.leaves + 1 == epoch);
        // Without a request the epoch came with the enrolment: the folder is new to a tablet that the server knows.
        Ok(before.map_or(EpochReason::Restored, |request| request.reason).cause())
    }

    /// Whether all is to be pulled anew, the tablet's own earlier entries included.
    ///
    /// # Errors
    /// A failed read.
    pub fn is_to_pull_anew(&self) -> Result<bool, StoreError> {
        let found = self.connection.prepare_cached("SELECT pull_anew FROM device")?.query_row([], |row| row.get(0)).optional()?;
        Ok(found.unwrap_or(false))
    }

    /// Remembers that all was pulled anew.
    ///
    /// # Errors
    /// A failed write: it is pulled once more.
    pub fn set_pulled_anew(&mut self) -> Result<(), StoreError> {
        self.connection.execute("UPDATE device SET pull_anew = 0", [])?;
        Ok(())
    }
}

fn waiting(connection: &Connection, device: DeviceId, epoch: u32) -> Result<Option<EpochRequest>, StoreError> {
    let sql = "SELECT leaves, reason, request_id FROM epoch_request WHERE device_id = ?1 AND leaves = ?2 AND given = 0";
    let values = params![device.0.as_bytes(), epoch];
    let found = connection.prepare_cached(sql)?.query_row(values, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
    found.map(request).transpose()
}

fn request((leaves, reason, id): (u32, String, [u8; 32])) -> Result<EpochRequest, StoreError> {
    let reason = EpochReason::parse(&reason).ok_or_else(|| StoreError::damaged("journal.db (epoch_request)", &reason))?;
    Ok(EpochRequest { leaves, reason, id })
}
