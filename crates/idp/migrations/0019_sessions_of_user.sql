-- The latest sessions of a user are read in order, however many there are.
DROP INDEX sessions_by_user;
CREATE INDEX sessions_by_user ON sessions (tenant, user_id, started_us DESC, id);
