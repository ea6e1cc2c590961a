-- A round of the index has fewer parts: one that was interrupted begins again. (What is there already stays.) The column has
-- another name, so that a process of an earlier version writes no part that means another one here.
ALTER TABLE journal_indexed RENAME COLUMN part TO next_part;
UPDATE journal_indexed SET target = through, next_part = 0;
