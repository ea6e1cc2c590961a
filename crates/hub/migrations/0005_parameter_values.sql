-- The parameter set of a connection, and the values of its parameters: those that may be read, and the others sealed with a data
-- key of the connection, which is sealed itself.
ALTER TABLE connections ADD COLUMN parameter_set TEXT;
ALTER TABLE connections ADD COLUMN parameter_values TEXT;
ALTER TABLE connections ADD COLUMN data_key_sealed TEXT;
ALTER TABLE connections ADD COLUMN secrets_sealed TEXT;
