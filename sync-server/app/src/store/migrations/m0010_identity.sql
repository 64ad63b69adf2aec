-- Logging in: what a session remembers, the second factor of agents, codes for the day on which a telephone is lost.
-- Frozen once released. How to read it: m0001_model.sql.

ALTER TABLE account ADD COLUMN totp_last_step BIGINT; -- the last step that was accepted: none is accepted twice (RFC 6238, 5.2)

ALTER TABLE account_session ADD COLUMN idle_ms_max BIGINT NOT NULL DEFAULT 1800000; -- half an hour at the desk, half a day at home
ALTER TABLE account_session ADD COLUMN second_factor_at_ms BIGINT; -- empty: no page of a role opens in this session
ALTER TABLE account_session ADD COLUMN totp_pending BYTES; -- the secret on the screen, until a first code proves that it was taken up
ALTER TABLE account_session ADD COLUMN barred_from BYTES; -- the children that the person was barred from at log-in, 16 bytes each: one more ends the session

CREATE INDEX account_session_by_account ON account_session (territoire_id, account_id);
CREATE INDEX account_by_person ON account (territoire_id, person_id);
CREATE INDEX account_role_by_account ON account_role (territoire_id, account_id);
CREATE INDEX pickup_person_by_person ON pickup_person (territoire_id, person_id);

CREATE TABLE recovery_code (
    territoire_id UUID NOT NULL,
    account_id UUID NOT NULL,
    code_hash BYTES NOT NULL, -- SHA-256 of 80 random bits
    created_at_ms BIGINT NOT NULL,
    used_at_ms BIGINT, -- each opens once
    PRIMARY KEY (territoire_id, account_id, code_hash),
    FOREIGN KEY (territoire_id, account_id) REFERENCES account (territoire_id, id)
);
