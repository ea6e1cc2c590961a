-- Since when a key of the installation's sequence signs for a tenant. The key before it stays published as long as anything it
-- signed may live.
CREATE TABLE signing_key_turns (
    tenant TEXT NOT NULL,
    number BIGINT NOT NULL,
    since_us BIGINT NOT NULL,
    PRIMARY KEY (tenant, number)
);

-- Tenants whose key is changed by schedule.
CREATE TABLE signing_key_schedules (
    tenant TEXT NOT NULL PRIMARY KEY,
    every_us BIGINT NOT NULL,
    next_us BIGINT NOT NULL
);
