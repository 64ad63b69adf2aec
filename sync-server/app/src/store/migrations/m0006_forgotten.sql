-- Children whom an organisation forgot, and when: what they did until then is never taken in again, from whatever tablet,
-- queue or backup it comes. Once the child's row is gone, the id is a random number.
CREATE TABLE forgotten_child (
    organisation_id UUID NOT NULL,
    child_id UUID NOT NULL,
    territoire_id UUID NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, child_id),
    FOREIGN KEY (territoire_id, organisation_id) REFERENCES organisation (territoire_id, id)
);
