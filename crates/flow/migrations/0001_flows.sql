-- The flow service's own credential in each tenant, its secret sealed.
CREATE TABLE flow_credentials (
    tenant TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL,
    sealed_secret TEXT NOT NULL
);

-- Flows. Occurrences are counted from anchor_us; next_due_us is null while nothing is due by time.
CREATE TABLE flows (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    owner TEXT NOT NULL,
    display_name TEXT NOT NULL,
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    changed_us BIGINT NOT NULL,
    anchor_us BIGINT NOT NULL,
    next_due_us BIGINT,
    runs BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX flows_due ON flows (tenant, next_due_us);
CREATE INDEX flows_of_owner ON flows (tenant, owner, created_us, id);

-- What a flow does, by version: a run that waits for a retry goes on with the version it began with.
CREATE TABLE definitions (
    tenant TEXT NOT NULL,
    flow TEXT NOT NULL,
    version BIGINT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (tenant, flow, version)
);

-- Runs. next_due_us is set until a run has ended: a waiting run is due at its retry, a running one at the instant it began.
-- attempt counts who took it up, so that only the last of them can write; replica is who that was.
CREATE TABLE runs (
    tenant TEXT NOT NULL,
    flow TEXT NOT NULL,
    name TEXT NOT NULL,
    number BIGINT NOT NULL,
    version BIGINT NOT NULL,
    trigger_name TEXT NOT NULL,
    due_us BIGINT NOT NULL,
    started_us BIGINT NOT NULL,
    ended_us BIGINT,
    status TEXT NOT NULL,
    error TEXT,
    record TEXT NOT NULL,
    trace TEXT NOT NULL,
    next_due_us BIGINT,
    attempt BIGINT NOT NULL,
    replica TEXT NOT NULL,
    lease_wall_us BIGINT NOT NULL,
    PRIMARY KEY (tenant, flow, name)
);
CREATE INDEX runs_by_number ON runs (tenant, flow, number);
CREATE INDEX runs_by_status ON runs (tenant, flow, status, number);
CREATE INDEX runs_due ON runs (tenant, next_due_us) WHERE next_due_us IS NOT NULL;
