-- What Graph shows of a group beside its name, as one JSON document.
ALTER TABLE directory_groups ADD COLUMN document TEXT NOT NULL DEFAULT '{}';
ALTER TABLE directory_groups ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;
CREATE INDEX directory_groups_by_name ON directory_groups (tenant, display_name, id);
CREATE INDEX group_members_by_group ON group_members (tenant, group_id, user_id);

-- A sign-out at an alias names no tenant: its redirect URI is looked up in all of them.
CREATE INDEX redirect_uris_by_uri ON redirect_uris (uri, tenant);
