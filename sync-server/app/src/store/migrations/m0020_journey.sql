-- Children who left one site by a transfer for a lieu of another: an index of departures of the journal, so that the other site's
-- tablets are told. Rows of days that are over are deleted.
CREATE TABLE journey (
    territoire_id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    entry_id UUID NOT NULL, -- of the departure
    child_id UUID NOT NULL,
    site_id UUID NOT NULL, -- where the lieu is that the child is bound for
    day DATE NOT NULL,
    told BOOL NOT NULL, -- false: something was recorded of the child since the site's tablets were told
    PRIMARY KEY (organisation_id, entry_id)
);
CREATE INDEX journey_by_site ON journey (territoire_id, site_id, told);
CREATE INDEX journey_by_child ON journey (organisation_id, child_id);
