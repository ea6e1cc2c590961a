-- How often the owner changed a connection: an update is of the revision that was read.
ALTER TABLE connections ADD COLUMN revision BIGINT NOT NULL DEFAULT 1;
