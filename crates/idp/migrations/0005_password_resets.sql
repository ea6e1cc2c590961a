-- Codes with which users reset forgotten passwords. Only a keyed hash is kept; a user has one code, the newest.
CREATE TABLE password_resets (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    code_hash TEXT NOT NULL,
    issued_us BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX password_resets_by_user ON password_resets (tenant, user_id);

-- What would have gone out by e-mail, for the lab to read. content is JSON, sealed. written_us is wall time and only orders.
CREATE TABLE outbox (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    sent_us BIGINT NOT NULL,
    written_us BIGINT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX outbox_by_age ON outbox (tenant, written_us);
