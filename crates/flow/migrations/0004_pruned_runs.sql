-- How many runs of a flow were pruned because they are older than the run history, by status.
CREATE TABLE pruned_runs (
    tenant TEXT NOT NULL,
    flow TEXT NOT NULL,
    status TEXT NOT NULL,
    runs BIGINT NOT NULL,
    PRIMARY KEY (tenant, flow, status)
);
