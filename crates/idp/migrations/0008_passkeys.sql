-- Passkeys of users: which public key a credential id stands for, at which name (rp_id) it was made, and how often the
-- authenticator says it was used.
CREATE TABLE passkeys (
    tenant TEXT NOT NULL,
    credential TEXT NOT NULL,
    user_id TEXT NOT NULL,
    rp_id TEXT NOT NULL,
    name TEXT NOT NULL,
    public_key TEXT NOT NULL,
    aaguid TEXT NOT NULL,
    counter BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    used_us BIGINT,
    PRIMARY KEY (tenant, credential)
);
CREATE INDEX passkeys_by_user ON passkeys (tenant, user_id, created_us);

-- Challenges that were answered: none is answered twice.
CREATE TABLE answered_challenges (
    tenant TEXT NOT NULL,
    challenge TEXT NOT NULL,
    answered_us BIGINT NOT NULL,
    PRIMARY KEY (tenant, challenge)
);
CREATE INDEX answered_challenges_by_age ON answered_challenges (tenant, answered_us);
