-- Where an API is told of what happens to users: its event stream.
CREATE TABLE event_streams (
    tenant TEXT NOT NULL,
    client_id TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    delay_us BIGINT NOT NULL,
    PRIMARY KEY (tenant, client_id)
);

-- What is still to be told, in the order in which it happened: happened_us is virtual, queued_us wall time, for what happened at
-- one virtual instant. due_us (virtual) and retry_us (wall) say when it is tried next; content is JSON.
CREATE TABLE security_events (
    tenant TEXT NOT NULL,
    client_id TEXT NOT NULL,
    jti TEXT NOT NULL,
    happened_us BIGINT NOT NULL,
    queued_us BIGINT NOT NULL,
    due_us BIGINT NOT NULL,
    retry_us BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (tenant, client_id, jti)
);
CREATE INDEX security_events_in_order ON security_events (tenant, client_id, happened_us, queued_us, jti);
