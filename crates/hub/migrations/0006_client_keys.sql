-- The sealed key pair, with its certificate, of a connector that authenticates with one.
ALTER TABLE connectors ADD COLUMN client_key_sealed TEXT;
