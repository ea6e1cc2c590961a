-- Ceremonies of passkeys that a page handed to the stand-in for a user's phone, by challenge: what it is asked, and its response.
CREATE TABLE phone_requests (
    tenant TEXT NOT NULL,
    challenge TEXT NOT NULL,
    user_name TEXT NOT NULL,
    purpose TEXT NOT NULL,
    origin TEXT NOT NULL,
    options TEXT NOT NULL,
    asked_us BIGINT NOT NULL,
    response TEXT,
    PRIMARY KEY (tenant, challenge)
);
CREATE INDEX phone_requests_by_age ON phone_requests (tenant, asked_us);
