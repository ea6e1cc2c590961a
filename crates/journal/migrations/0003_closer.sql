-- The same tables with their lines in the order of their keys, so that writing one touches few pages.
CREATE TABLE journal_closer (
    seq BIGINT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    wall_us BIGINT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    trace TEXT NOT NULL,
    data TEXT NOT NULL
);
INSERT INTO journal_closer (seq, tenant, at_us, wall_us, kind, subject, trace, data)
    SELECT seq, tenant, at_us, wall_us, kind, subject, trace, data FROM journal ORDER BY seq;
DROP TABLE journal;
ALTER TABLE journal_closer RENAME TO journal;
CREATE INDEX journal_by_tenant ON journal (tenant, seq);
CREATE INDEX journal_by_subject ON journal (tenant, subject, seq);
CREATE INDEX journal_by_trace ON journal (tenant, trace, seq);
CREATE TABLE journal_names_closer (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (tenant, name, seq)
) /* WITHOUT ROWID */;
INSERT INTO journal_names_closer (tenant, name, seq) SELECT tenant, name, seq FROM journal_names;
DROP TABLE journal_names;
ALTER TABLE journal_names_closer RENAME TO journal_names;
