-- Where the API sent what the connection stores when its owner agreed. NULL: a connection of an earlier version, which agrees to
-- the API as it is.
ALTER TABLE connections ADD COLUMN destinations TEXT;
-- How often the tokens of a connection were discarded: a token response is of the number that its request was made for.
ALTER TABLE connections ADD COLUMN tokens_revision BIGINT NOT NULL DEFAULT 1;
