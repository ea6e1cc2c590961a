-- Device codes that wait for a person, or were answered. user_code is what the person types, for all tenants at one page.
-- decision is pending, approved or declined; approval says who approved and how they were signed in.
CREATE TABLE device_codes (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    user_code TEXT NOT NULL UNIQUE,
    client_id TEXT NOT NULL,
    asked TEXT NOT NULL,
    issued_us BIGINT NOT NULL,
    decision TEXT NOT NULL,
    decided_us BIGINT,
    approval TEXT,
    redeemed_us BIGINT,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX device_codes_by_age ON device_codes (tenant, issued_us);
