-- The sealed key pair that replaces the one of client_key_sealed when its certificate ends, so that it can be registered before.
ALTER TABLE connectors ADD COLUMN next_client_key_sealed TEXT;
