-- How often a flow was changed: an update is of the revision that was read.
ALTER TABLE flows ADD COLUMN revision BIGINT NOT NULL DEFAULT 1;
