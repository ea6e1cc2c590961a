-- Of the code that a person types for a device, only a keyed hash is kept. Codes from before, which live fifteen minutes, end here.
DELETE FROM device_codes;
ALTER TABLE device_codes RENAME COLUMN user_code TO user_code_hash;
