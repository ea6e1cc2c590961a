-- Operations across services that have begun and not ended: one for each tenant. Written before the first call to a service,
-- removed when every service has done its part, so that a start finds what an interruption left.
CREATE TABLE operations (
    tenant TEXT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL,
    owner TEXT NOT NULL,
    lease_wall_us BIGINT NOT NULL,
    details TEXT NOT NULL
);
-- Which lab created a tenant: services name it beside the tenants that they list.
CREATE TABLE installation (
    tenant TEXT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL
);
