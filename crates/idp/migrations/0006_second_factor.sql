-- Who has to give a second factor: everybody of a tenant, or a user. second_factor (JSON) holds a user's flag, the secret shared
-- with the authenticator (sealed), the last time step of which a code was taken, and what is remembered of failed codes.
ALTER TABLE tenants ADD COLUMN require_mfa BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN second_factor TEXT NOT NULL DEFAULT '{}';
