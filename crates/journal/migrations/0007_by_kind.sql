-- Lines by kind, notable ones apart: a rare kind is found however long the journal is. One more entry for each line.
CREATE INDEX journal_by_kind ON journal (tenant, kind, notable, seq);
