-- How many of the pruned runs of a flow started on each day (UTC), by status, with the first and the last of them, so that a
-- timeline reaches back further than the run history. Runs that were pruned before are not in it.
CREATE TABLE pruned_days (
    tenant TEXT NOT NULL,
    flow TEXT NOT NULL,
    day_us BIGINT NOT NULL,
    status TEXT NOT NULL,
    runs BIGINT NOT NULL,
    first_us BIGINT NOT NULL,
    first_name TEXT NOT NULL,
    last_us BIGINT NOT NULL,
    PRIMARY KEY (tenant, flow, day_us, status)
);
