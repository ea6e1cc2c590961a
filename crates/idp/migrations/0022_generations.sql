-- Grants carry the generation in which they were minted. A new one begins with each snapshot and
-- each restore of the tenant: a restore forgets the one that began with its snapshot, so that later
-- grants are unknown. `generations` are the former ones that are known, each followed by `;`.
ALTER TABLE tenants ADD COLUMN generation BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN generations TEXT NOT NULL DEFAULT '';
