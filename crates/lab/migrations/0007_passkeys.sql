-- Passkeys in the stand-ins for users' phones: the key, sealed, and how often it was used.
CREATE TABLE phone_passkeys (
    tenant TEXT NOT NULL,
    user_id TEXT NOT NULL,
    credential TEXT NOT NULL,
    rp_id TEXT NOT NULL,
    sealed TEXT NOT NULL,
    uses BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    PRIMARY KEY (tenant, user_id, credential)
);
