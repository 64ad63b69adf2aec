-- The tablet that this one goes on for: the same folder under a new key, proved by the old one at enrolment. It carries what the
-- old one had not sent, and nobody else can fill a hole there.
ALTER TABLE device ADD COLUMN succeeds UUID;
