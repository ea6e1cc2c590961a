-- The owners of saved flows. They may sign in for the connections that their flow uses, but not use these elsewhere.
-- workflow is the principal in access_policies.
CREATE TABLE workflow_owners (
    tenant TEXT NOT NULL,
    workflow TEXT NOT NULL,
    owner TEXT NOT NULL,
    PRIMARY KEY (tenant, workflow, owner)
);
