-- A round of the index has fewer parts: one that was interrupted begins again. (What is there already stays.)
UPDATE journal_indexed SET target = through, part = 0;
