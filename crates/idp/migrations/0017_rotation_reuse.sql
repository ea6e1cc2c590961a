-- The token that was replaced last: it can be used again for a short interval.
ALTER TABLE refresh_token_families ADD COLUMN previous TEXT;
