-- How often an API was changed: an update is of the revision that was read.
ALTER TABLE connectors ADD COLUMN revision BIGINT NOT NULL DEFAULT 1;
