-- What a push asks each time. Of the devices: those of one site. (Of the quarantine: m0016.)
CREATE INDEX device_by_site ON device (territoire_id, site_id);
-- Of the enrolment codes: the one that a device came with.
CREATE INDEX enrolment_code_by_device ON enrolment_code (territoire_id, device_id);

-- Few entries point at another one: the others have no place in this index.
DROP INDEX journal_payload_by_target;
CREATE INDEX journal_payload_by_target ON journal_payload (organisation_id, target_id) WHERE target_id IS NOT NULL;
