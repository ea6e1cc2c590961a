-- Tenants with an end: when (wall time) each is deleted, if then and not before, and the seat of a class that it belongs to (the
-- tenant of the seat), with which it is deleted.
CREATE TABLE temporary_tenants (
    tenant TEXT NOT NULL PRIMARY KEY,
    seat TEXT,
    ends_wall_us BIGINT
);
CREATE INDEX temporary_tenants_of_seat ON temporary_tenants (seat);
-- When (wall time) a seat was reserved whose tenant is not created yet; NULL once it is.
ALTER TABLE seats ADD COLUMN reserved_wall_us BIGINT;
