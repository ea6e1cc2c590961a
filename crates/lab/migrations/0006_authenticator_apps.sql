-- The accounts in the authenticator apps of users' phones: the secrets are sealed.
CREATE TABLE authenticator_apps (
    tenant TEXT NOT NULL,
    user_id TEXT NOT NULL,
    sealed TEXT NOT NULL,
    added_us BIGINT NOT NULL,
    PRIMARY KEY (tenant, user_id)
);
