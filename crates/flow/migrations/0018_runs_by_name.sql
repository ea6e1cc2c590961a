-- A start of a run writes half as many pages. Names of runs decrease with time, so an index of them grows at its end if it is in
-- descending order, which no primary key has. Pages of runs are read by status: those of all statuses are merged. A run
-- in progress is due already, so only those that wait are in the order of their next instants.
DROP INDEX runs_by_number;
DROP INDEX runs_by_status;
DROP INDEX runs_due;
DROP INDEX runs_of_invoker;
ALTER TABLE runs RENAME TO runs_before;
ALTER TABLE repetitions RENAME TO repetitions_before;
ALTER TABLE callbacks RENAME TO callbacks_before;
CREATE TABLE runs (
    tenant TEXT NOT NULL,
    flow TEXT NOT NULL,
    name TEXT NOT NULL,
    number BIGINT NOT NULL,
    version BIGINT NOT NULL,
    trigger_name TEXT NOT NULL,
    due_us BIGINT NOT NULL,
    started_us BIGINT NOT NULL,
    ended_us BIGINT,
    status TEXT NOT NULL,
    error TEXT,
    record TEXT NOT NULL,
    trace TEXT NOT NULL,
    next_due_us BIGINT,
    attempt BIGINT NOT NULL,
    replica TEXT NOT NULL,
    lease_wall_us BIGINT NOT NULL,
    invoker TEXT,
    invoker_connections TEXT
);
INSERT INTO runs (tenant, flow, name, number, version, trigger_name, due_us, started_us, ended_us, status, error, record, trace,
        next_due_us, attempt, replica, lease_wall_us, invoker, invoker_connections)
    SELECT tenant, flow, name, number, version, trigger_name, due_us, started_us, ended_us, status, error, record, trace,
        next_due_us, attempt, replica, lease_wall_us, invoker, invoker_connections FROM runs_before;
CREATE UNIQUE INDEX runs_by_name ON runs (tenant, flow, name DESC);
CREATE INDEX runs_by_status ON runs (tenant, status, flow, number);
CREATE INDEX runs_waiting ON runs (tenant, next_due_us) WHERE status = 'Waiting';
CREATE INDEX runs_of_invoker ON runs (tenant, flow, invoker, number) WHERE invoker IS NOT NULL;
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
INSERT INTO repetitions (tenant, flow, run, scope, name, record)
    SELECT tenant, flow, run, scope, name, record FROM repetitions_before;
DROP TABLE repetitions_before;
CREATE TABLE callbacks (
    tenant TEXT NOT NULL,
    flow TEXT NOT NULL,
    run TEXT NOT NULL,
    repetition TEXT NOT NULL,
    outputs TEXT NOT NULL,
    PRIMARY KEY (tenant, flow, run, repetition),
    FOREIGN KEY (tenant, flow, run) REFERENCES runs (tenant, flow, name) ON DELETE CASCADE
) /* WITHOUT ROWID */;
INSERT INTO callbacks (tenant, flow, run, repetition, outputs)
    SELECT tenant, flow, run, repetition, outputs FROM callbacks_before;
DROP TABLE callbacks_before;
DROP TABLE runs_before;
