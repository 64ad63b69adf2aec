-- What version 1 added to a journal's tables, word for word as a program of then does it.
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
PRAGMA user_version = 1;
