-- What a tenant asks of passwords: terms it bans (JSON), and after how many days one expires (null: never).
ALTER TABLE tenants ADD COLUMN banned_passwords TEXT NOT NULL DEFAULT '[]';
ALTER TABLE tenants ADD COLUMN password_validity_days BIGINT;

-- What is remembered of failed sign-ins (JSON).
ALTER TABLE users ADD COLUMN lockout TEXT NOT NULL DEFAULT '{}';
