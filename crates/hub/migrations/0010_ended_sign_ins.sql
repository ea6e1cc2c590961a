-- Whether a sign-in ended because its connection or API was changed.
ALTER TABLE consent_attempts ADD COLUMN ended_by_change BIGINT NOT NULL DEFAULT 0;
