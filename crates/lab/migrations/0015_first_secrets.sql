-- The passwords and secrets that the lab generated for a tenant at its creation (JSON, sealed): a reset gives it the same ones.
-- NULL for tenants of earlier versions.
ALTER TABLE handouts ADD COLUMN first_secrets TEXT;
