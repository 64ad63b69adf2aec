-- What a person decides on entries that were set apart, what tablets say of themselves, and which sites are watched.

-- Whose agents decide: the tenant that the entry names where it is one of the site's, else whoever answers for the building. NULL in
-- rows from before: whoever answers for the building.
ALTER TABLE quarantine ADD COLUMN organisation_id UUID;
-- The decision as the server sealed it (shared::journal::Kind::Decided), with the reason in its note: erased with the child.
ALTER TABLE quarantine ADD COLUMN decision_entry_id UUID;
CREATE INDEX quarantine_by_organisation ON quarantine (territoire_id, organisation_id, decided_at_ms);
CREATE INDEX quarantine_by_site ON quarantine (territoire_id, site_id, code);
CREATE INDEX quarantine_by_device ON quarantine (territoire_id, device_id);
CREATE INDEX quarantine_by_entry ON quarantine (territoire_id, entry_id);

-- Who has seen a call, and since when what it calls for is over by itself.
ALTER TABLE alert ADD COLUMN seen_by TEXT;
ALTER TABLE alert ADD COLUMN cleared_at_ms BIGINT;
CREATE INDEX alert_unseen ON alert (territoire_id, site_id, kind) WHERE seen_at_ms IS NULL;

-- The last that a tablet said of itself (shared::wire::TabletReport), bounded and checked when it came in.
CREATE TABLE device_report (
    territoire_id UUID NOT NULL,
    device_id UUID NOT NULL,
    at_ms BIGINT NOT NULL,
    content TEXT NOT NULL, -- JSON
    PRIMARY KEY (territoire_id, device_id),
    FOREIGN KEY (territoire_id, device_id) REFERENCES device (territoire_id, id)
);

-- A site that calls agents where none of its tablets was heard by a time of the day, on days when one of its lieux is open.
CREATE TABLE site_watch (
    territoire_id UUID NOT NULL,
    site_id UUID NOT NULL,
    by_minute INT NOT NULL, -- since midnight in Paris
    PRIMARY KEY (territoire_id, site_id),
    FOREIGN KEY (territoire_id, site_id) REFERENCES site (territoire_id, id)
);

-- A code for a tablet that moves: whoever enrols with it ends the life of this one, and takes its name.
ALTER TABLE enrolment_code ADD COLUMN moves_device UUID;
