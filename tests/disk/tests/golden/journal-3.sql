-- What version 3 added to a journal's tables, word for word as a program of then does it.
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
PRAGMA user_version = 3;
