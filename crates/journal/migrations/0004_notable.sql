-- Which lines are more than routine, so that the newest of them are found however long the journal is.
-- Only those are in the index: a routine line costs nothing.
ALTER TABLE journal ADD COLUMN notable BIGINT;
UPDATE journal SET notable = 1 WHERE kind LIKE '%refused%' OR kind LIKE '%failed%' OR kind LIKE '%error%'
    OR kind LIKE '%changed%' OR kind LIKE '%reset%' OR kind LIKE '%revoke%' OR kind LIKE '%disabled%'
    OR kind LIKE '%enabled%' OR kind LIKE '%deleted%' OR kind LIKE '%consent%' OR kind LIKE '%created%'
    OR kind LIKE '%signed%' OR kind LIKE '%sign\_in%' ESCAPE '\' OR kind LIKE '%sign\_out%' ESCAPE '\'
    OR kind LIKE '%connected%' OR kind LIKE '%expired%' OR kind LIKE '%password%' OR kind LIKE '%rotated%'
    OR kind LIKE '%status%' OR data LIKE '%"outcome":"refused"%';
CREATE INDEX journal_notable ON journal (tenant, notable, seq) WHERE notable IS NOT NULL;
