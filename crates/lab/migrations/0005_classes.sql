-- Classes that people join by a code, and their seats: tenants of their own. A class belongs to no tenant.
CREATE TABLE classes (
    code TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL DEFAULT '',
    opened_wall_us BIGINT NOT NULL,
    created_from TEXT NOT NULL,
    lesson BIGINT,
    revealed BIGINT NOT NULL DEFAULT 0
);
CREATE TABLE seats (
    tenant TEXT NOT NULL PRIMARY KEY,
    class TEXT NOT NULL,
    seat BIGINT NOT NULL,
    name TEXT,
    joined_wall_us BIGINT,
    progress TEXT
);
CREATE UNIQUE INDEX seats_of_class ON seats (class, seat);
