-- What Graph tells of a user beside names and credentials (givenName, mail, userType and so on), as one JSON document.
ALTER TABLE users ADD COLUMN profile TEXT NOT NULL DEFAULT '{}';
CREATE INDEX users_by_name ON users (tenant, display_name, id);
CREATE INDEX users_deleted ON users (tenant, id) WHERE deleted_us IS NOT NULL;
CREATE INDEX users_by_deletion ON users (tenant, deleted_us);

-- The registration's object id. Rows from before this column have it in their document only.
ALTER TABLE applications ADD COLUMN object_id TEXT;
CREATE INDEX applications_by_object ON applications (tenant, object_id);
CREATE INDEX applications_by_principal ON applications (tenant, service_principal_id);
CREATE INDEX applications_by_name ON applications (tenant, name, client_id);

-- What Graph shows of a secret besides its end.
ALTER TABLE client_secrets ADD COLUMN display_name TEXT;
ALTER TABLE client_secrets ADD COLUMN hint TEXT;
ALTER TABLE client_secrets ADD COLUMN starts_us BIGINT;

CREATE INDEX permission_grants_by_principal ON permission_grants (tenant, principal, client_id, resource_id);
CREATE INDEX permission_grants_by_resource ON permission_grants (tenant, resource_id, client_id, principal);

-- App roles of service principals, users and groups (appRoleAssignment): before, only service principals could have one.
CREATE TABLE app_role_assignments (
    tenant TEXT NOT NULL,
    principal TEXT NOT NULL,
    principal_type TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    role TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    PRIMARY KEY (tenant, principal, resource_id, role)
);
CREATE INDEX app_role_assignments_by_resource ON app_role_assignments (tenant, resource_id, principal, role);
INSERT INTO app_role_assignments (tenant, principal, principal_type, resource_id, role, created_us)
    SELECT r.tenant, a.service_principal_id, 'ServicePrincipal', r.resource_id, r.role, 0
    FROM role_assignments r JOIN applications a ON a.tenant = r.tenant AND a.client_id = r.client_id;
DROP TABLE role_assignments;

-- Groups and who is in them. Groups in groups are not modelled.
CREATE TABLE directory_groups (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    display_name TEXT NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE TABLE group_members (
    tenant TEXT NOT NULL,
    user_id TEXT NOT NULL,
    group_id TEXT NOT NULL,
    PRIMARY KEY (tenant, user_id, group_id)
);
