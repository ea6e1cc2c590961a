-- Saved versions of flows whose connections were not yet reported to the hub, which grants the flow access to them.
CREATE TABLE grants_due (
    tenant TEXT NOT NULL,
    flow TEXT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, flow, version)
);
