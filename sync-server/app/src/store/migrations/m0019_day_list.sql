-- The list of a lieu's day on paper, for a day without tablets or without a network: as it was printed, and what it was made from.
-- Kept for some days, then deleted; deleted at once with a child whom it names.
CREATE TABLE day_list (
    organisation_id UUID NOT NULL,
    id UUID NOT NULL,
    centre_id UUID NOT NULL,
    day DATE NOT NULL,
    made_at_ms BIGINT NOT NULL,
    seal BYTES NOT NULL, -- SHA-256 of the content
    content BYTES NOT NULL, -- JSON (documents::DayContent)
    sha256 BYTES NOT NULL, -- of the document
    pdf BYTES NOT NULL,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, centre_id) REFERENCES centre (organisation_id, id)
);
CREATE INDEX day_list_by_day ON day_list (organisation_id, day, centre_id);

-- Whom a list names: an erased child is found by it.
CREATE TABLE day_list_child (
    organisation_id UUID NOT NULL,
    list_id UUID NOT NULL,
    child_id UUID NOT NULL,
    PRIMARY KEY (organisation_id, list_id, child_id),
    FOREIGN KEY (organisation_id, list_id) REFERENCES day_list (organisation_id, id)
);
CREATE INDEX day_list_child_by_child ON day_list_child (organisation_id, child_id);
