-- When (wall time) the creation or the last reset of a tenant began: names its present data in the services. 0 for tenants of
-- earlier versions.
ALTER TABLE handouts ADD COLUMN incarnation_us BIGINT NOT NULL DEFAULT 0;
-- Whether another replica of the lab waits for the end of the operation, to start the tenant over or to delete it.
ALTER TABLE operations ADD COLUMN must_end BIGINT NOT NULL DEFAULT 0;
