-- The names under which a line is found again: ids and fingerprints of the credentials it speaks of.
CREATE TABLE journal_names (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (tenant, name, seq)
);
CREATE INDEX journal_by_trace ON journal (tenant, trace, seq);
