-- The domain by which a user name tells its tenant.
CREATE TABLE domains (
    tenant TEXT NOT NULL PRIMARY KEY,
    domain TEXT NOT NULL
);
CREATE UNIQUE INDEX domains_by_name ON domains (domain);
-- The keys of the API, as SHA-256.
CREATE TABLE api_keys (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    key_hash TEXT NOT NULL,
    PRIMARY KEY (tenant, name)
);
CREATE UNIQUE INDEX api_keys_by_hash ON api_keys (key_hash);
