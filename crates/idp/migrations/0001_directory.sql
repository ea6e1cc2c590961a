-- Tenants. The domain is a sign-in name's part after the @ and may stand for the tenant in every path.
CREATE TABLE tenants (
    tenant TEXT NOT NULL PRIMARY KEY,
    domain TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    rules TEXT NOT NULL,
    signing_key BIGINT NOT NULL
);

-- Users. revocations holds, for each kind of event of the revocation table, when it last happened.
CREATE TABLE users (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    upn TEXT NOT NULL,
    display_name TEXT NOT NULL,
    role TEXT NOT NULL,
    directory_roles TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    password_changed_us BIGINT NOT NULL,
    password_expired BIGINT NOT NULL,
    must_change_password BIGINT NOT NULL,
    enabled BIGINT NOT NULL,
    deleted_us BIGINT,
    revocations TEXT NOT NULL,
    sessions_valid_from_us BIGINT NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, upn)
);

-- Applications with their service principals: one of each, in the tenant.
CREATE TABLE applications (
    tenant TEXT NOT NULL,
    client_id TEXT NOT NULL,
    service_principal_id TEXT NOT NULL,
    name TEXT NOT NULL,
    enabled BIGINT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (tenant, client_id)
);

CREATE INDEX applications_by_client ON applications (client_id);

-- The names by which a resource may be asked for: identifier URIs and the client id itself.
CREATE TABLE resource_names (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    client_id TEXT NOT NULL,
    PRIMARY KEY (tenant, name)
);

-- Redirect URIs by themselves, for sign-out, where no client is named.
CREATE TABLE redirect_uris (
    tenant TEXT NOT NULL,
    uri TEXT NOT NULL,
    client_id TEXT NOT NULL,
    PRIMARY KEY (tenant, uri, client_id)
);

-- Client secrets, as keyed hashes: they are high in entropy, so nothing slower is needed.
CREATE TABLE client_secrets (
    tenant TEXT NOT NULL,
    client_id TEXT NOT NULL,
    key_id TEXT NOT NULL,
    hash TEXT NOT NULL,
    expires_us BIGINT NOT NULL,
    PRIMARY KEY (tenant, client_id, key_id)
);

-- Delegated permissions (oauth2PermissionGrant). principal is a user's id, or * for all principals.
CREATE TABLE permission_grants (
    tenant TEXT NOT NULL,
    client_id TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    principal TEXT NOT NULL,
    scope TEXT NOT NULL,
    PRIMARY KEY (tenant, client_id, resource_id, principal)
);

-- Application permissions (appRoleAssignment) of service principals.
CREATE TABLE role_assignments (
    tenant TEXT NOT NULL,
    client_id TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (tenant, client_id, resource_id, role)
);

-- Browser sessions. browser is the hash of the cookie, so that the database alone opens no session.
CREATE TABLE sessions (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    browser TEXT NOT NULL,
    user_id TEXT NOT NULL,
    amr TEXT NOT NULL,
    started_us BIGINT NOT NULL,
    used_us BIGINT NOT NULL,
    persistent BIGINT NOT NULL,
    ended_us BIGINT,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX sessions_by_browser ON sessions (browser, tenant);
CREATE INDEX sessions_by_user ON sessions (tenant, user_id);

-- Authorization codes that were redeemed. A code itself is sealed, not stored; the row is what makes it single-use.
CREATE TABLE redeemed_codes (
    tenant TEXT NOT NULL,
    code_id TEXT NOT NULL,
    redeemed_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL,
    PRIMARY KEY (tenant, code_id)
);
CREATE INDEX redeemed_codes_by_expiry ON redeemed_codes (tenant, expires_us);

-- Signing keys, sealed. One sequence for all tenants, as Entra publishes one set; a tenant points at its active one.
CREATE TABLE signing_keys (
    tenant TEXT NOT NULL,
    number BIGINT NOT NULL,
    kid TEXT NOT NULL,
    sealed TEXT NOT NULL,
    PRIMARY KEY (tenant, number)
);

-- Keys of this installation, sealed: what client secrets are hashed with, what pairwise subjects are made with.
CREATE TABLE installation_keys (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    sealed TEXT NOT NULL,
    PRIMARY KEY (tenant, name)
);
