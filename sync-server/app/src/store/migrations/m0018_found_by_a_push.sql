-- What a push asks of the quarantine each time: the places of a device, and whether an entry is there already.
CREATE INDEX quarantine_by_device ON quarantine (territoire_id, device_id);
CREATE INDEX quarantine_by_entry ON quarantine (territoire_id, entry_id);
-- And of the devices: those of one site.
CREATE INDEX device_by_site ON device (territoire_id, site_id);
-- And of the enrolment codes: the one that a device came with.
CREATE INDEX enrolment_code_by_device ON enrolment_code (territoire_id, device_id);

-- Few entries point at another one: the others have no place in this index.
DROP INDEX journal_payload_by_target;
CREATE INDEX journal_payload_by_target ON journal_payload (organisation_id, target_id) WHERE target_id IS NOT NULL;
