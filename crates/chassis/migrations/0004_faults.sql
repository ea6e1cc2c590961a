-- What goes wrong for a tenant, as the lab asked for it. When any of them is added or removed, the revision in the clocks
-- changes, which replicas read anyway.
CREATE TABLE faults (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    position BIGINT NOT NULL,
    spec TEXT NOT NULL,
    seed BIGINT NOT NULL,
    added_us BIGINT NOT NULL,
    requests BIGINT NOT NULL DEFAULT 0,
    hits BIGINT NOT NULL DEFAULT 0,
    last_hit_us BIGINT,
    PRIMARY KEY (tenant, id)
);
ALTER TABLE clocks ADD COLUMN faults BIGINT NOT NULL DEFAULT 0;
