-- Snapshots of tenants, and what they contain: sealed pieces of the parts (one for each service, and
-- one for the lab).
CREATE TABLE snapshots (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT,
    created_wall_us BIGINT NOT NULL,
    now_us BIGINT NOT NULL,
    speed BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    versions TEXT NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE UNIQUE INDEX snapshots_by_name ON snapshots (tenant, name);

CREATE TABLE snapshot_pieces (
    tenant TEXT NOT NULL,
    snapshot TEXT NOT NULL,
    part TEXT NOT NULL,
    number BIGINT NOT NULL,
    sealed TEXT NOT NULL,
    PRIMARY KEY (tenant, snapshot, part, number)
);
