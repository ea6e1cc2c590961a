-- How often a row was written: an update is of the revision that was read, whatever form older programs
-- wrote its documents in.
ALTER TABLE users ADD COLUMN revision BIGINT NOT NULL DEFAULT 1;
ALTER TABLE applications ADD COLUMN revision BIGINT NOT NULL DEFAULT 1;
ALTER TABLE tenants ADD COLUMN policies_revision BIGINT NOT NULL DEFAULT 1;
