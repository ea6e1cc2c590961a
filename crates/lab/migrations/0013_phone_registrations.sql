-- The request of a page for which a passkey was made, until the page registers it or is left.
ALTER TABLE phone_passkeys ADD COLUMN request TEXT;
