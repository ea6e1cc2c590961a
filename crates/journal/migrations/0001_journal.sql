CREATE TABLE journal (
    seq BIGINT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    wall_us BIGINT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    trace TEXT NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX journal_by_tenant ON journal (tenant, seq);
CREATE INDEX journal_by_subject ON journal (tenant, subject, seq);
