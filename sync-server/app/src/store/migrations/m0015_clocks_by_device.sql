-- What was last observed of a device's clock: asked at each session, and for a tablet that hears of old observations.
CREATE INDEX clock_observation_by_device ON clock_observation (territoire_id, device_id, at_ms);
