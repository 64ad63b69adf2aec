-- What version 2 added to a journal's tables, word for word as a program of then does it.
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
PRAGMA user_version = 2;
