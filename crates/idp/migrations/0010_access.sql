-- Conditional Access policies, named locations and token lifetime policies, as one JSON document: every token request asks for
-- them, and they come with the tenant.
ALTER TABLE tenants ADD COLUMN policies TEXT NOT NULL DEFAULT '{}';

-- Where a tenant's issuer rotates refresh tokens strictly: the one token of each family that is still good, and when the family
-- ended. Empty everywhere else.
CREATE TABLE refresh_token_families (
    tenant TEXT NOT NULL,
    family TEXT NOT NULL,
    good TEXT NOT NULL,
    used_us BIGINT NOT NULL,
    ended_us BIGINT,
    PRIMARY KEY (tenant, family)
);
CREATE INDEX refresh_token_families_by_use ON refresh_token_families (tenant, used_us);
