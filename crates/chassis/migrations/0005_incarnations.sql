-- When (wall time) the lab began the creation of this tenant: a tenant that is started over keeps its id and gets another one.
-- 0 for tenants that are older than this column.
ALTER TABLE clocks ADD COLUMN incarnation_us BIGINT NOT NULL DEFAULT 0;
