-- Every id that a flow ever had. Access lists of connections name flows by id, so an id never comes to mean another flow.
-- state: 'used'; 'deleted' while the hub does not know it yet; 'withdrawn' once no access list names the flow any more.
CREATE TABLE flow_ids (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX flow_ids_deleted ON flow_ids (tenant) WHERE state = 'deleted';
INSERT INTO flow_ids (tenant, id, state) SELECT tenant, id, 'used' FROM flows;
