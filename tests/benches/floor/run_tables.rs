//! The changes of a run as they have to be stored to be found again, at their bare cost: a run by
//! its name (in the order of starts and numbers), status and when it is due, a flow by when it is
//! due, an event by its tenant; and the tokens of a connection.

use outlive_store::{Change, Migration, sql};

use crate::bare::RowWriter;

/// The tables, after those of [`RowWriter`].
pub(crate) const RUN_TABLES: Migration = Migration {
    version: 2,
    name: "run_tables",
    sql: "CREATE TABLE flows (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    due_us BIGINT NOT NULL,
    runs BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX flows_due ON flows (tenant, due_us);
INSERT INTO flows (tenant, id, due_us, runs) VALUES ('t', 'flow', 0, 0);
CREATE TABLE runs (
    tenant TEXT NOT NULL,
    flow TEXT NOT NULL,
    name TEXT NOT NULL,
    number BIGINT NOT NULL,
    status TEXT NOT NULL,
    started_us BIGINT NOT NULL,
    due_us BIGINT,
    data TEXT NOT NULL,
    PRIMARY KEY (tenant, flow, name)
);
CREATE INDEX runs_by_status ON runs (tenant, status, flow, number);
CREATE INDEX runs_waiting ON runs (tenant, due_us) WHERE status = 'Waiting';
CREATE TABLE events (
    seq BIGINT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX events_by_tenant ON events (tenant, seq);
CREATE TABLE credentials (
    tenant TEXT NOT NULL,
    connection TEXT NOT NULL,
    sealed TEXT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, connection)
);
INSERT INTO credentials (tenant, connection, sealed, version) VALUES ('t', 'connection', '', 0);
",
};

/// The numbers of a run and its event.
const NUMBERS: i64 = 2;
/// How many hourly runs a history of 28 days has.
const RUNS_KEPT: i64 = 28 * 24;
/// How often a run begins that deletes old ones.
const RUNS_PER_PRUNING: i64 = 16;
/// How many it deletes: in 61 of 89 days there are runs that are older than the history.
const RUNS_PRUNED: i64 = 11;

impl RowWriter {
    /// Commits that a run begins, and deletes old ones. Returns its number.
    pub(crate) async fn begin_run(&self, data: &str) -> i64 {
        let number = self.next();
        let mut change = Change::from(sql!(
            "UPDATE flows SET due_us = $1, runs = runs + 1 WHERE tenant = $2 AND id = $3",
            number,
            "t",
            "flow"
        ));
        change.add(sql!(
            "INSERT INTO runs (tenant, flow, name, number, status, started_us, due_us, data) \
             VALUES ($1, $2, $3, $4, 'Running', $4, $4, $5)",
            "t",
            "flow",
            format!("{number:020}"),
            number,
            data
        ));
        if number % (RUNS_PER_PRUNING * NUMBERS) == 0 {
            change.add(sql!(
                "DELETE FROM runs WHERE tenant = $1 AND flow = $2 AND name IN \
                 (SELECT name FROM runs WHERE tenant = $1 AND flow = $2 AND name < $3 ORDER BY name LIMIT $4)",
                "t",
                "flow",
                format!("{:020}", number - RUNS_KEPT * NUMBERS),
                RUNS_PRUNED
            ));
        }
        self.store.commit(change).await.expect("it is written");
        number
    }

    /// Commits that a run has ended, with an event.
    pub(crate) async fn end_run(&self, number: i64, data: &str) {
        let mut change = Change::from(sql!(
            "UPDATE runs SET status = 'Succeeded', due_us = NULL WHERE tenant = $1 AND flow = $2 AND name = $3",
            "t",
            "flow",
            format!("{number:020}")
        ));
        change.append(self.event(data));
        self.store.commit(change).await.expect("it is written");
    }

    /// Commits new tokens of the connection, with an event.
    pub(crate) async fn store_tokens(&self, sealed: &str, data: &str) {
        let mut change = Change::from(sql!(
            "UPDATE credentials SET sealed = $1, version = version + 1 WHERE tenant = $2 AND connection = $3",
            sealed,
            "t",
            "connection"
        ));
        change.append(self.event(data));
        self.store.commit(change).await.expect("it is written");
    }

    /// Commits an event.
    pub(crate) async fn insert_event(&self, data: &str) {
        self.store.commit(self.event(data)).await.expect("it is written");
    }

    fn event(&self, data: &str) -> Change {
        Change::from(sql!(
            "INSERT INTO events (seq, tenant, data) VALUES ($1, $2, $3)",
            self.next(),
            "t",
            data
        ))
    }
}
