-- Who may use a flow: its owner, co-owners ('CanEdit') and run-only users ('CanView'). address is an e-mail address, if known.
CREATE TABLE permissions (
    tenant TEXT NOT NULL,
    flow TEXT NOT NULL,
    principal TEXT NOT NULL,
    role TEXT NOT NULL,
    address TEXT NOT NULL,
    display_name TEXT NOT NULL,
    flow_created_us BIGINT NOT NULL,
    PRIMARY KEY (tenant, flow, principal)
);
CREATE INDEX permissions_of_principal ON permissions (tenant, principal, flow_created_us, flow);
INSERT INTO permissions (tenant, flow, principal, role, address, display_name, flow_created_us)
    SELECT tenant, id, owner, 'Owner', '', '', created_us FROM flows;
-- Administrators list the flows of all owners.
CREATE INDEX flows_by_creation ON flows (tenant, created_us, id);
