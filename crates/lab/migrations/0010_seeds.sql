-- The seeds from which tenants were created, each once (sealed JSON: file and connectors' documents): a tenant is started over
-- from its own, also after the file has changed. A seed belongs to no tenant.
CREATE TABLE seeds (
    hash TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL DEFAULT '',
    sealed TEXT NOT NULL
);
