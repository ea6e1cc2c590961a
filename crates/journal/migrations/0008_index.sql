-- Lines by kind, subject, trace and name are found in one table, which is written for many lines at a time: writing a line
-- touches few pages. The names are in the line, too. `through` is the last line in the index, `target` the one up to which
-- entries are being written, and `part` which of them are next.
ALTER TABLE journal ADD COLUMN names TEXT;
UPDATE journal SET names = n.names FROM (
        SELECT seq AS of_line, CAST(json_agg(name) AS TEXT) AS names FROM journal_names GROUP BY seq
    ) AS n WHERE journal.seq = n.of_line;
DROP TABLE journal_names;
DROP INDEX journal_by_subject;
DROP INDEX journal_by_trace;
DROP INDEX journal_by_kind;
CREATE TABLE journal_index (
    tenant TEXT NOT NULL,
    criterion BIGINT NOT NULL,
    value TEXT NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (tenant, criterion, value, seq)
) /* WITHOUT ROWID */;
CREATE TABLE journal_indexed (
    through BIGINT NOT NULL,
    target BIGINT NOT NULL,
    part BIGINT NOT NULL
);
INSERT INTO journal_indexed (through, target, part) VALUES (0, 0, 0);
