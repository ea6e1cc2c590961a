-- Written to find out whether the database can be written: one row, of no tenant.
CREATE TABLE probes (
    tenant TEXT NOT NULL PRIMARY KEY,
    wall_us BIGINT NOT NULL
);
