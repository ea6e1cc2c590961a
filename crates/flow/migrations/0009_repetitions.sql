-- Ended iterations of loops of a run, one per row, once the run has more of them than its record should hold.
-- scope: the loop. name: the numbers of the iteration and of those around it, from the outside: '000002-000000'.
CREATE TABLE repetitions (
    tenant TEXT NOT NULL,
    flow TEXT NOT NULL,
    run TEXT NOT NULL,
    scope TEXT NOT NULL,
    name TEXT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (tenant, flow, run, scope, name),
    FOREIGN KEY (tenant, flow, run) REFERENCES runs (tenant, flow, name) ON DELETE CASCADE
) /* WITHOUT ROWID */;
