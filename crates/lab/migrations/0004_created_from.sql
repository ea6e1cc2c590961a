-- What a tenant was created from (JSON: seed, start and speed of its clock, whether it is bare), to start it over. Empty for
-- tenants of earlier versions.
ALTER TABLE handouts ADD COLUMN created_from TEXT NOT NULL DEFAULT '';
