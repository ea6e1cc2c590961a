-- For each user, the instant before which no token that can be evaluated counts any more, and what happened then.
CREATE TABLE cut_offs (
    tenant TEXT NOT NULL,
    user_id TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (tenant, user_id)
);

-- Security event tokens that were taken, by name: none is taken twice.
CREATE TABLE received_events (
    tenant TEXT NOT NULL,
    jti TEXT NOT NULL,
    received_us BIGINT NOT NULL,
    PRIMARY KEY (tenant, jti)
);
CREATE INDEX received_events_by_age ON received_events (tenant, received_us);
