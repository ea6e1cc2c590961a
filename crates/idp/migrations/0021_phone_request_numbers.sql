-- The number that the page of a request shows, drawn at random.
ALTER TABLE phone_requests ADD COLUMN number BIGINT NOT NULL DEFAULT 0;
