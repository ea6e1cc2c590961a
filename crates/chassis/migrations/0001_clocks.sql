-- The tenants a service knows, each with its own clock.
CREATE TABLE clocks (
    tenant TEXT NOT NULL PRIMARY KEY,
    shows_us BIGINT NOT NULL,
    wall_us BIGINT NOT NULL,
    speed BIGINT NOT NULL
);
-- How often the service was started on this data: with a seed, each start draws from its own sequence.
CREATE TABLE starts (
    tenant TEXT NOT NULL PRIMARY KEY,
    count BIGINT NOT NULL
);
