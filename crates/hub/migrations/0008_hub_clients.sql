-- The hub's own application in each tenant, with which it exchanges users' tokens; its secret sealed.
CREATE TABLE hub_clients (
    tenant TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL,
    secret_sealed TEXT NOT NULL
);
