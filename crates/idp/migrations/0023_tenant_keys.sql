-- The sealed secret from which a tenant's keys are derived. Without one, the tenant is of an earlier version and uses the keys of
-- the installation, so that it cannot be taken to another one.
ALTER TABLE tenants ADD COLUMN keys_sealed TEXT;
