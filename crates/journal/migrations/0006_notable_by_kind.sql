-- Notable lines by kind and time, such as the password changes of the last year: there are few of them among many others.
CREATE INDEX journal_notable_by_kind ON journal (tenant, kind, at_us, seq) WHERE notable IS NOT NULL;
