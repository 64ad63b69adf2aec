//! The chain, verified at each start: from the last checkpoint to the head, so
//! that a start costs the same however long the journal has become.
//!
//! `preau-terminal verify` verifies it whole.

use super::{Journal, StoreError, entries};
use rusqlite::params;
use shared::id::DeviceId;
use shared::journal::{Hash, Place, Sealed, VerifyingKey, check_signature, hash_of};

/// Up to where the chain of a life was found whole. A further life begins another chain, and this says nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Checkpoint {
    device: DeviceId,
    epoch: u32,
    seq: u64,
    hash: Hash,
}

impl Checkpoint {
    fn read(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let (device, epoch, seq) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let hash = words.next()?;
        Some(Self { device, epoch, seq, hash: data_encoding::HEXLOWER.decode(hash.as_bytes()).ok()?.try_into().ok()? })
    }

    fn write(&self) -> String {
        format!("{} {} {} {}", self.device, self.epoch, self.seq, data_encoding::HEXLOWER.encode(&self.hash))
    }
}

const MARK: &str = "checkpoint";

impl Journal {
    /// Verifies this tablet's chain from the last checkpoint to the head: envelopes, signatures, payloads, links; then moves the
    /// checkpoint there, if there is room to write it.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] with what doesn't hold; a failed read.
    pub(super) fn verify_onwards(&self) -> Result<(), StoreError> {
        let Some(identity) = self.identity()? else { return Ok(()) };
        let key = VerifyingKey::from_bytes(&identity.public_key).map_err(|e| StoreError::damaged("journal.db (device)", e))?;
        let known = self.mark(MARK)?.and_then(|text| Checkpoint::read(&text)).filter(|known| known.device == identity.device);
        let mut chain = Chain { key, at: known, hashes: known.iter().map(|known| known.hash).collect() };
        if let Some(known) = known
            && !self.own_hashes_at(known.epoch, known.seq)?.contains(&known.hash)
        {
            return Err(damaged(format!("le pointage n° {} n'est plus celui qui a été vérifié", known.seq)));
        }
        let sql = "SELECT envelope, signature, salt, payload FROM entry WHERE own = 1 AND (epoch, seq) > (?1, ?2) ORDER BY epoch, seq";
        let mut statement = self.connection.prepare_cached(sql)?;
        let seq = known.map_or(0, |known| known.seq.cast_signed());
        let mut rows = statement.query(params![known.map_or(0, |known| known.epoch), seq])?;
        while let Some(row) = rows.next()? {
            chain.follow(&entries::sealed_of(row)?)?;
        }
        drop(rows);
        drop(statement);
        let Some(reached) = chain.at.filter(|_| chain.at != known) else { return Ok(()) };
        match self.set_mark(MARK, &reached.write()) {
            // Without room for it the next start verifies a little more.
            Err(error) if !matches!(error, StoreError::Damaged { .. }) => tracing::warn!(%error, "the checkpoint stays where it was"),
            other => return other,
        }
        Ok(())
    }

    /// Takes the chain as it stands for verified: after a salvage, whose holes stay.
    pub(super) fn take_for_verified(&self) -> Result<(), StoreError> {
        let Some(head) = self.head()? else { return Ok(()) };
        let Place { device, epoch, seq } = head.place;
        self.set_mark(MARK, &Checkpoint { device, epoch, seq, hash: head.hash }.write())
    }

    fn own_hashes_at(&self, epoch: u32, seq: u64) -> Result<Vec<Hash>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT envelope FROM entry WHERE own = 1 AND epoch = ?1 AND seq = ?2")?;
        let hashes = statement.query_map(params![epoch, seq.cast_signed()], |row| row.get::<_, Vec<u8>>(0).map(|bytes| hash_of(&bytes)))?;
        Ok(hashes.collect::<Result<_, _>>()?)
    }
}

/// Where the verification stands.
struct Chain {
    key: VerifyingKey,
    at: Option<Checkpoint>,
    /// Of every entry at that place: a fork has several, and any of them may be followed.
    hashes: Vec<Hash>,
}

impl Chain {
    fn follow(&mut self, sealed: &Sealed) -> Result<(), StoreError> {
        let envelope = sealed.decode_envelope().map_err(damaged)?;
        let Place { device, epoch, seq } = envelope.place;
        if !check_signature(&sealed.envelope, &sealed.signature, &self.key) {
            return Err(damaged(format!("la signature du pointage n° {seq} n'est pas celle de la tablette")));
        }
        if sealed.private.as_ref().is_some_and(|private| !private.belongs_to(&envelope)) {
            return Err(damaged(format!("le contenu du pointage n° {seq} n'est pas celui qui a été signé")));
        }
        let hash = hash_of(&sealed.envelope);
        let (last_epoch, last_seq) = self.at.map_or((1, 0), |at| (at.epoch, at.seq));
        let fork = self.at.is_some_and(|at| (at.epoch, at.seq) == (epoch, seq));
        if !fork {
            // The first entry of a later epoch names the last hash that the tablet held, or none; the whole verification judges it.
            let opens = epoch > last_epoch && seq == 1;
            if !opens && (epoch, seq) != (last_epoch, last_seq + 1) {
                return Err(damaged(format!("il manque des pointages avant le n° {seq}")));
            }
            let follows = if seq == 1 { envelope.prev_hash == [0; 32] } else { self.hashes.contains(&envelope.prev_hash) };
            if !opens && !follows {
                return Err(damaged(format!("le pointage n° {seq} n'est pas la suite du précédent")));
            }
            self.hashes.clear();
        }
        self.hashes.push(hash);
        self.at = Some(Checkpoint { device, epoch, seq, hash });
        Ok(())
    }
}

fn damaged(why: impl ToString) -> StoreError {
    StoreError::damaged("journal.db (chaîne)", why)
}
