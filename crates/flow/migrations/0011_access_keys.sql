-- The two keys that sign the callback URLs of a flow's trigger, sealed. Without a row, no URL was ever issued.
CREATE TABLE access_keys (
    tenant TEXT NOT NULL,
    flow TEXT NOT NULL,
    sealed TEXT NOT NULL,
    PRIMARY KEY (tenant, flow)
);
