-- What sync, the fleet and the index of days need beside the first model.

-- The key that both sides derive from a code (shared::wire::enrolment_keys): the server answers with it, the code itself
-- is kept nowhere. code_hash holds the name derived beside it.
ALTER TABLE enrolment_code ADD COLUMN code_key BYTES;

-- The index of days follows effective times (shared::fold): a touch of a wrong clock is found on the day it really was.
ALTER TABLE journal_payload ADD COLUMN effective_at_ms BIGINT;
ALTER TABLE journal_payload ADD COLUMN last_day DATE; -- an absence spans days; others have day twice
ALTER TABLE journal_payload ADD COLUMN boot_id UUID;
CREATE INDEX journal_payload_by_boot ON journal_payload (organisation_id, boot_id);
CREATE INDEX journal_payload_by_target ON journal_payload (organisation_id, target_id);

-- clock_observed entries by what they observe: a tablet that comes back after weeks is found by its boot.
CREATE TABLE clock_observation (
    territoire_id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    entry_id UUID NOT NULL,
    device_id UUID NOT NULL,
    boot_id UUID NOT NULL,
    boottime_ms BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (territoire_id, entry_id),
    FOREIGN KEY (organisation_id, entry_id) REFERENCES journal_entry (organisation_id, entry_id)
);
CREATE INDEX clock_observation_by_boot ON clock_observation (territoire_id, boot_id, device_id);

-- What a site's tablets were last told, item by item: the next publication sends the difference only.
CREATE TABLE roster_item (
    territoire_id UUID NOT NULL,
    site_id UUID NOT NULL,
    item_key TEXT NOT NULL, -- shared::roster::Item::key
    content BYTES NOT NULL, -- the item as JSON, read when it is pulled
    number BIGINT NOT NULL, -- its last change: earlier ones of the same item are passed over
    PRIMARY KEY (territoire_id, site_id, item_key),
    FOREIGN KEY (territoire_id, site_id) REFERENCES site (territoire_id, id)
);

CREATE TABLE site_publication (
    territoire_id UUID NOT NULL,
    site_id UUID NOT NULL,
    day DATE NOT NULL, -- the window of days that tablets hold moves with it
    PRIMARY KEY (territoire_id, site_id),
    FOREIGN KEY (territoire_id, site_id) REFERENCES site (territoire_id, id)
);

-- What a person is called for: a fork, a chain that doesn't follow, entries in quarantine.
CREATE TABLE alert (
    territoire_id UUID NOT NULL,
    id UUID NOT NULL,
    site_id UUID NOT NULL,
    device_id UUID,
    entry_id UUID,
    kind TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    seen_at_ms BIGINT,
    PRIMARY KEY (territoire_id, id),
    FOREIGN KEY (territoire_id, site_id) REFERENCES site (territoire_id, id)
);
CREATE INDEX alert_by_site ON alert (territoire_id, site_id, at_ms);
