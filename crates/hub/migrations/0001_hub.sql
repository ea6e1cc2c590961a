-- What an API looks like and how connections to it sign in. The version is new with every change and never used again.
CREATE TABLE connectors (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    resource_group TEXT,
    owner TEXT,
    version TEXT NOT NULL,
    display_name TEXT NOT NULL,
    api_properties TEXT NOT NULL,
    swagger TEXT NOT NULL,
    client_secret_sealed TEXT,
    PRIMARY KEY (tenant, name)
);
CREATE TABLE connections (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    resource_group TEXT NOT NULL,
    group_key TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    connector TEXT NOT NULL,
    display_name TEXT NOT NULL,
    owner TEXT NOT NULL,
    enabled BIGINT NOT NULL,
    status_code TEXT,
    status_message TEXT,
    authenticated_user TEXT,
    key_sealed TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    changed_us BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE UNIQUE INDEX connections_by_name ON connections (tenant, group_key, name_key);
CREATE TABLE access_policies (
    tenant TEXT NOT NULL,
    connection TEXT NOT NULL,
    name_key TEXT NOT NULL,
    name TEXT NOT NULL,
    principal TEXT NOT NULL,
    PRIMARY KEY (tenant, connection, name_key)
);
CREATE INDEX access_policies_by_principal ON access_policies (tenant, connection, principal);
-- The tokens of a connection, sealed. A lease is held by the replica that is renewing them; it ends by wall time.
CREATE TABLE credentials (
    tenant TEXT NOT NULL,
    connection TEXT NOT NULL,
    sealed TEXT NOT NULL,
    version BIGINT NOT NULL,
    expires_us BIGINT NOT NULL,
    lease_holder TEXT,
    lease_until_wall_us BIGINT,
    PRIMARY KEY (tenant, connection)
);
-- Sign-ins under way: from the link to the confirmed code. What has to be recognised is kept as a hash, what has to be used
-- again is sealed.
CREATE TABLE consent_attempts (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    connection TEXT NOT NULL,
    object_id TEXT NOT NULL,
    redirect_url TEXT NOT NULL,
    link_expires_us BIGINT NOT NULL,
    state_hash TEXT,
    state_expires_us BIGINT,
    verifier_sealed TEXT,
    redirect_uri TEXT,
    finished BIGINT NOT NULL,
    code_hash TEXT,
    code_expires_us BIGINT,
    tokens_sealed TEXT,
    tokens_expire_us BIGINT,
    account TEXT,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX consent_attempts_by_connection ON consent_attempts (tenant, connection);
