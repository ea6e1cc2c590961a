-- Managed identities by their Azure resource id, in lowercase. Their service principals are rows of applications.
CREATE TABLE managed_identities (
    tenant TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    PRIMARY KEY (tenant, resource_id)
);

-- Where resources get tokens for their identities. header_hash is the keyed hash of the secret that a request has to contain;
-- system_assigned is a client id, user_assigned a JSON list of client ids.
CREATE TABLE identity_endpoints (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    header_hash TEXT NOT NULL,
    system_assigned TEXT,
    user_assigned TEXT NOT NULL,
    PRIMARY KEY (tenant, id)
);
