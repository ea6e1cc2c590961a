-- How often what is returned of a tenant was changed: an update is of the revision that was read.
ALTER TABLE handouts ADD COLUMN revision BIGINT NOT NULL DEFAULT 1;
