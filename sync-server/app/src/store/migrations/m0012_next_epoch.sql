-- The request that an epoch was given for: the same one again gets the same answer, so that a lost reply costs nothing.
-- NULL for the first epoch, which comes with the enrolment.
ALTER TABLE device_epoch ADD COLUMN request_id BYTES;
