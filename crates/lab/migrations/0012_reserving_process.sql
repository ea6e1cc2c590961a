-- The process that reserved a seat and creates its tenant. When it has ended, another one creates the tenant.
ALTER TABLE seats ADD COLUMN reserved_by TEXT;
