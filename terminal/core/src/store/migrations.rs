//! Schemas, as lists of steps that are never edited: a change is one more
//! step. The version stands in SQLite's `user_version`.

use super::StoreError;
use rusqlite::{Connection, TransactionBehavior};

/// Steps of `journal.db`.
pub(super) const JOURNAL: &[&str] = &[
    r"
    -- Who this tablet is. One row, or none before enrolment.
    CREATE TABLE device (
        only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
        device_id BLOB NOT NULL,       -- 16 bytes, given by the server
        site_id BLOB NOT NULL,         -- 16 bytes: a tablet serves one building
        site_name TEXT NOT NULL,       -- shown before the first pull
        organisations TEXT NOT NULL,   -- JSON list of ids: whose facts may be sealed
        epoch INTEGER NOT NULL,        -- given by the server alone
        server_url TEXT NOT NULL,      -- as normalised at enrolment
        authority BLOB NOT NULL,       -- DER of the pinned certificate authority
        public_key BLOB NOT NULL       -- 32 bytes: tells whether device.key is still the one that was enrolled
    ) STRICT;

    -- Sealed entries, our own and those of others. Envelope and signature are never written twice.
    CREATE TABLE entry (
        arrival INTEGER PRIMARY KEY,   -- order in which this tablet came to hold it: trusted where claimed times are not
        entry_id BLOB NOT NULL UNIQUE, -- 16 bytes; the same entry pulled twice is one row
        own INTEGER NOT NULL,          -- 1: sealed by this tablet
        epoch INTEGER NOT NULL,        -- for the head of our chain and for re-sending
        seq INTEGER NOT NULL,          -- the same
        envelope BLOB NOT NULL,        -- the signed bytes
        signature BLOB NOT NULL,       -- 64 bytes
        author_key BLOB,               -- 32 bytes, for others' entries: what they were verified with
        salt BLOB,                     -- 32 bytes; NULL once forgotten
        payload BLOB,                  -- NULL once forgotten
        first_day INTEGER NOT NULL,    -- days since 0001-01-01: first business day that it claims to speak of
        last_day INTEGER NOT NULL,     -- last one (absences span several)
        clock INTEGER NOT NULL,        -- 1: an observation of a clock, which judges touches of later days too
        target BLOB                    -- entry that it retracts or corrects: found whatever its own day
    ) STRICT;
    -- The chain has no two entries at one place: a defect here must stop the sealing, not fork the chain.
    CREATE UNIQUE INDEX entry_own_place ON entry (epoch, seq) WHERE own = 1;
    CREATE INDEX entry_by_day ON entry (last_day, first_day);
    CREATE INDEX entry_clock ON entry (arrival) WHERE clock = 1;
    CREATE INDEX entry_by_target ON entry (target) WHERE target IS NOT NULL;

    -- Free texts, apart so that they can be forgotten.
    CREATE TABLE note (
        entry_id BLOB NOT NULL,
        position INTEGER NOT NULL,     -- order of the payload's hashes
        salt BLOB NOT NULL,
        text TEXT NOT NULL,
        PRIMARY KEY (entry_id, position)
    ) STRICT, WITHOUT ROWID;

    -- What the server said of our entries. A row is born with its entry, in the same transaction.
    CREATE TABLE outbox (
        arrival INTEGER PRIMARY KEY REFERENCES entry (arrival),
        state TEXT NOT NULL,           -- unsent, held, accepted, duplicate, quarantined, refused
        code TEXT,                     -- why, for quarantined and refused
        sealed_at_ms INTEGER NOT NULL  -- age of the queue, without decoding payloads
    ) STRICT;
    CREATE INDEX outbox_waiting ON outbox (arrival) WHERE state IN ('unsent', 'held');
    CREATE INDEX outbox_apart ON outbox (state, code) WHERE state IN ('quarantined', 'refused');
    ",
    r"
    -- The epochs that this tablet leaves, each with the request by which it asks for the next one.
    CREATE TABLE epoch_request (
        device_id BLOB NOT NULL,       -- 16 bytes: which of the folder's lives leaves it
        leaves INTEGER NOT NULL,       -- the epoch that is left
        reason TEXT NOT NULL,          -- fourche, sauvetage, restauration
        request_id BLOB NOT NULL,      -- 32 random bytes, here before they are sent; kept for a server that forgets what it gave
        given INTEGER NOT NULL,        -- 1: the server gave the next epoch, and `device` holds it
        PRIMARY KEY (device_id, leaves)
    ) STRICT, WITHOUT ROWID;
    -- 1: the epoch is new, and what was lost with the one before is to be pulled.
    ALTER TABLE device ADD COLUMN pull_anew INTEGER NOT NULL DEFAULT 0;
    ",
    r"
    -- What the tablet knows of its own journal, by name: `checkpoint`, up to where the chain was verified (device, epoch, number,
    -- hash); `salvaged`, why it was made again (device, epoch, a few words).
    CREATE TABLE mark (
        name TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    -- No longer unique: a salvage keeps both entries of a fork. Sealing takes the place behind the last one, in one transaction.
    DROP INDEX entry_own_place;
    CREATE INDEX entry_own_place ON entry (epoch, seq) WHERE own = 1;
    -- Keys of earlier lives: read at each start, in most folders none.
    CREATE INDEX entry_of_earlier_life ON entry (author_key) WHERE own = 2;

    -- Who this tablet is, once more: a bit that flips in either row is noticed. Whatever writes the one writes the other.
    CREATE TABLE device_twice (
        only_one INTEGER PRIMARY KEY,
        device_id BLOB, site_id BLOB, site_name TEXT, organisations TEXT, epoch INTEGER, server_url TEXT, authority BLOB, public_key BLOB
    ) STRICT;
    INSERT INTO device_twice
        SELECT only_one, device_id, site_id, site_name, organisations, epoch, server_url, authority, public_key FROM device;
    CREATE TRIGGER device_inserted AFTER INSERT ON device BEGIN
        DELETE FROM device_twice;
        INSERT INTO device_twice
            SELECT only_one, device_id, site_id, site_name, organisations, epoch, server_url, authority, public_key FROM device;
    END;
    CREATE TRIGGER device_updated AFTER UPDATE ON device BEGIN
        DELETE FROM device_twice;
        INSERT INTO device_twice
            SELECT only_one, device_id, site_id, site_name, organisations, epoch, server_url, authority, public_key FROM device;
    END;
    ",
    r"
    -- The site's devices, as the server or their own certificates tell of them: by these keys a peer's word on others is believed.
    CREATE TABLE author (
        device_id BLOB PRIMARY KEY,    -- 16 bytes
        key BLOB NOT NULL,             -- 32 bytes
        server INTEGER NOT NULL,       -- 1: the server's own, which alone observes clocks
        revoked INTEGER NOT NULL       -- 1: what the server hasn't told of it counts for nothing
    ) STRICT, WITHOUT ROWID;

    -- Others' entries that another tablet of the site handed over, for as long as the server hasn't told them itself.
    CREATE TABLE by_peer (
        arrival INTEGER PRIMARY KEY REFERENCES entry (arrival),
        device_id BLOB NOT NULL,       -- its author
        state TEXT NOT NULL            -- waiting: to be carried to the server; held: it waits there; apart: a person decides there
    ) STRICT;
    CREATE INDEX by_peer_of_author ON by_peer (device_id);
    CREATE VIEW not_counted AS
        SELECT arrival FROM by_peer
        WHERE state = 'apart' OR device_id IN (SELECT device_id FROM author WHERE revoked = 1);

    -- Entries whose payload is never to be held again, whether the tablet ever held it or not.
    CREATE TABLE forgotten (
        entry_id BLOB PRIMARY KEY      -- 16 bytes
    ) STRICT, WITHOUT ROWID;
    INSERT INTO forgotten SELECT entry_id FROM entry WHERE payload IS NULL;
    -- Devices of the site that an older program stepped over are to be told again.
    UPDATE device SET pull_anew = 1;
    ",
];

/// Steps of `roster.db`.
pub(super) const ROSTER: &[&str] = &[
    r"
    -- What the tablet knows of its site, by the server's keys.
    CREATE TABLE item (
        key TEXT PRIMARY KEY,
        day INTEGER,                   -- for bookings, days since 0001-01-01: only today's are read at the door
        json TEXT NOT NULL             -- the item, as the wire writes it
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX item_by_day ON item (day);

    -- A whole roster on its way after a refresh: shown only when it is complete.
    CREATE TABLE staged_item (
        key TEXT PRIMARY KEY,
        day INTEGER,
        json TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    -- Cursor, server epoch, state of the line, last contact, the server's clock: small values by name.
    CREATE TABLE meta (
        name TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    ",
    r"
    -- CRC-32 of each row: a bit that flips in a barred adult's name or in the cursor is no fault of structure, and SQLite sees none.
    -- Rows of before have none.
    ALTER TABLE item ADD COLUMN sum INTEGER;
    ALTER TABLE staged_item ADD COLUMN sum INTEGER;
    ALTER TABLE meta ADD COLUMN sum INTEGER;
    ",
    r"
    -- Care cards, which an older program left out: everything is to be told again, behind whatever life of the server.
    UPDATE meta SET value = 'reprise', sum = NULL WHERE name = 'server_epoch' AND value <> '' AND value <> 'verrou';
    DELETE FROM staged_item;
    DELETE FROM meta WHERE name = 'staging';
    ",
    r"
    -- Wrong codes that somebody typed for a member of staff since the last right one: neither the roster nor what erases it touches them.
    CREATE TABLE pin_try (
        staff_id BLOB PRIMARY KEY,     -- 16 bytes
        failed INTEGER NOT NULL,
        boot BLOB NOT NULL,            -- 16 bytes: the start of the machine that since_ms counts in
        since_ms INTEGER NOT NULL      -- CLOCK_BOOTTIME of the last one
    ) STRICT, WITHOUT ROWID;
    -- Codes, staffing rules and first steps, which an older program left out: everything is to be told again.
    UPDATE meta SET value = 'reprise', sum = NULL WHERE name = 'server_epoch' AND value <> '' AND value <> 'verrou';
    DELETE FROM staged_item;
    DELETE FROM meta WHERE name = 'staging';
    ",
    r"
    -- Codes of families, children on their way and where a bus goes, which an older program left out: everything is to be told again.
    UPDATE meta SET value = 'reprise', sum = NULL WHERE name = 'server_epoch' AND value <> '' AND value <> 'verrou';
    DELETE FROM staged_item;
    DELETE FROM meta WHERE name = 'staging';
    ",
];

/// Whether the schema is, word for word, what the steps make of nothing: a bit may flip there too.
///
/// # Errors
/// [`StoreError::Damaged`] where it isn't; a failed read.
pub(super) fn check(connection: &Connection, steps: &[&str]) -> Result<(), StoreError> {
    let schema = |connection: &Connection| -> Result<Vec<String>, rusqlite::Error> {
        let mut statement = connection.prepare("SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema ORDER BY 1")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        rows.collect()
    };
    let mut fresh = Connection::open_in_memory()?;
    migrate(&mut fresh, steps)?;
    if schema(connection)? == schema(&fresh)? { Ok(()) } else { Err(StoreError::damaged("schéma", "la description des tables a changé")) }
}

/// The number of the newest tables.
pub(super) fn newest(steps: &[&str]) -> i64 {
    i64::try_from(steps.len()).unwrap_or(i64::MAX)
}

/// Brings a database to the newest schema, in one transaction.
pub(super) fn migrate(connection: &mut Connection, steps: &[&str]) -> Result<(), StoreError> {
    let known = newest(steps);
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found == known {
        return Ok(());
    }
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for step in steps.iter().skip(usize::try_from(found).unwrap_or(0)) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", known)?;
    transaction.commit()?;
    Ok(())
}
