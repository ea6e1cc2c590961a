-- What the API is called in a tenant: the audiences it accepts, a JSON list.
CREATE TABLE audiences (
    tenant TEXT NOT NULL PRIMARY KEY,
    names TEXT NOT NULL
);
-- The orders. created_by is the object id of whoever placed one, NULL for those the tenant began with.
CREATE TABLE orders (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    customer TEXT NOT NULL,
    item TEXT NOT NULL,
    quantity BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    created_by TEXT,
    PRIMARY KEY (tenant, id)
);
