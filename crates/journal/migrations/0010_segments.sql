-- Lines are found by segments of the index, each of which is about lines beside each other and is written as a whole: in one
-- table, the entries of new lines were in as many pages as there are. An entry is a hash and the number of a line; a block
-- has some of a segment's, in order, and `first` and `last` are the keys of those. A line is in the index if its number is not
-- above `through`; no line gets a number up to `used` again; `step` counts changes of the index, and `merged`
-- is the key up to which two segments have become another one. `gaps` is how many lines of a segment were deleted. The blocks
-- of segments that have become another one are deleted later. All lines are indexed again.
CREATE TABLE journal_segments (
    number BIGINT NOT NULL PRIMARY KEY,
    after_seq BIGINT NOT NULL,
    through_seq BIGINT NOT NULL,
    blocks BIGINT NOT NULL,
    gaps BIGINT NOT NULL,
    merges_into BIGINT
);
CREATE TABLE journal_blocks (
    segment BIGINT NOT NULL,
    first TEXT NOT NULL,
    last TEXT NOT NULL,
    entries TEXT NOT NULL
);
CREATE TABLE journal_merged_segments (
    number BIGINT NOT NULL PRIMARY KEY
);
CREATE UNIQUE INDEX journal_blocks_by_first ON journal_blocks (segment, first);
CREATE UNIQUE INDEX journal_blocks_by_last ON journal_blocks (segment, last);
ALTER TABLE journal_indexed RENAME TO journal_indexed_before;
CREATE TABLE journal_indexed (
    through BIGINT NOT NULL,
    used BIGINT NOT NULL,
    step BIGINT NOT NULL,
    merged TEXT NOT NULL
);
INSERT INTO journal_indexed (through, used, step, merged) SELECT 0, target, 0, '' FROM journal_indexed_before;
DROP TABLE journal_indexed_before;
DROP TABLE journal_index;
