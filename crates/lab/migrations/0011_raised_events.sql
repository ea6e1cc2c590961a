-- Events that were requested under an id: the answer once there is one (sealed: it may name a secret), so that a repeated request
-- does not raise the event again.
CREATE TABLE raised_events (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    sealed TEXT,
    PRIMARY KEY (tenant, id)
);
