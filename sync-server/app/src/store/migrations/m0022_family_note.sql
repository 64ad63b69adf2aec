-- What an adult tells the team about one day of a child, in a few words; one a day and author.
CREATE TABLE family_note (
    territoire_id UUID NOT NULL,
    child_id UUID NOT NULL,
    day DATE NOT NULL,
    person_id UUID NOT NULL,
    text TEXT NOT NULL,
    written_at_ms BIGINT NOT NULL,
    PRIMARY KEY (territoire_id, child_id, day, person_id),
    FOREIGN KEY (territoire_id, child_id) REFERENCES child (territoire_id, id),
    FOREIGN KEY (territoire_id, person_id) REFERENCES person (territoire_id, id)
);
