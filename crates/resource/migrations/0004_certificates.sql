-- The client certificates of the API, by their SHA-256.
CREATE TABLE api_certificates (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    thumbprint TEXT NOT NULL,
    subject TEXT NOT NULL,
    not_before_us BIGINT NOT NULL,
    not_after_us BIGINT NOT NULL,
    PRIMARY KEY (tenant, name)
);
CREATE UNIQUE INDEX api_certificates_by_thumbprint ON api_certificates (thumbprint);
