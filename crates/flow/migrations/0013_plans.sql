-- The plans of users by which flows expire; users who are not listed have one by which none does.
CREATE TABLE plans (
    tenant TEXT NOT NULL,
    principal TEXT NOT NULL,
    plan TEXT NOT NULL,
    PRIMARY KEY (tenant, principal)
);
-- When a trigger last started a run.
ALTER TABLE flows ADD COLUMN triggered_us BIGINT;
