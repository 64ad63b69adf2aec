-- Whether two entries stand at one place of a device's epoch: its times are then read along each branch, whole.
ALTER TABLE device_epoch ADD COLUMN forked BOOL NOT NULL DEFAULT FALSE;
