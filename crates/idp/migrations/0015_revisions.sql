-- How often a row was changed. A change is made to the row as it was read, or not at all: the text of a column cannot tell, because
-- programs write the same object in different ways.
ALTER TABLE users ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;
ALTER TABLE applications ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN policies_revision BIGINT NOT NULL DEFAULT 0;
