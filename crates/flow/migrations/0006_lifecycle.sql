-- What counts towards turning a flow off, by rule: since when, how many failures, when its owners were warned, and when something
-- is due.
CREATE TABLE lifecycle (
    tenant TEXT NOT NULL,
    flow TEXT NOT NULL,
    rule TEXT NOT NULL,
    since_us BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    warned_us BIGINT,
    due_us BIGINT,
    PRIMARY KEY (tenant, flow, rule)
);
CREATE INDEX lifecycle_due ON lifecycle (tenant, due_us) WHERE due_us IS NOT NULL;
-- Why and when the service turned a flow off.
ALTER TABLE flows ADD COLUMN suspension_reason TEXT;
ALTER TABLE flows ADD COLUMN suspended_us BIGINT;
-- E-mails to owners of flows; new ones replace the oldest.
CREATE TABLE mails (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    sent_us BIGINT NOT NULL,
    written_us BIGINT NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX mails_by_time ON mails (tenant, written_us);
