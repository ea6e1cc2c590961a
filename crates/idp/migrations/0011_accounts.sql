-- A browser has a session for each account that signed in to it; place is the order in which they did.
ALTER TABLE sessions ADD COLUMN place BIGINT NOT NULL DEFAULT 0;

-- Which applications a session signed in to: they hear of its end.
CREATE TABLE session_applications (
    tenant TEXT NOT NULL,
    session_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    PRIMARY KEY (tenant, session_id, client_id)
);

-- Of loopback redirect URIs the form without a port is kept too; where a port was registered it comes with the next change.
INSERT INTO redirect_uris (tenant, uri, client_id)
SELECT tenant, uri || '/', client_id FROM redirect_uris WHERE uri IN ('http://localhost', 'http://127.0.0.1')
ON CONFLICT DO NOTHING;
