-- The code by which an adult says who they are at a tablet of families, beside a card: Argon2id, of four to six digits.
CREATE TABLE door_code (
    territoire_id UUID NOT NULL,
    person_id UUID NOT NULL,
    hash TEXT NOT NULL,
    set_at_ms BIGINT NOT NULL,
    PRIMARY KEY (territoire_id, person_id),
    FOREIGN KEY (territoire_id, person_id) REFERENCES person (territoire_id, id)
);
