//! Rows of the table `lifecycle`: what counts towards turning a flow off, a row for each rule.

use outlive_clock::{Instant, TenantId};
use outlive_store::{Statement, Store, StoreError, sql};

use crate::ids::FlowId;
use crate::lifecycle::Rule;
use crate::lifecycle::failing::{FAILING_MAX, FAILURES_MIN};

/// Reads which flows of a tenant fail, and by which rules.
pub(crate) async fn list_streaks(store: &Store, tenant: TenantId) -> Result<Vec<(FlowId, Rule)>, StoreError> {
    let rows = store
        .rows(sql!(
            "SELECT flow, rule FROM lifecycle WHERE tenant = $1 AND rule <> $2",
            tenant,
            Rule::Idle.name()
        ))
        .await?;
    rows.iter().map(|row| Ok((row.parse("flow")?, row.parse("rule")?))).collect()
}

/// Reads since when a flow fails by a rule, and how often it did.
pub(crate) async fn find_failures(
    store: &Store,
    tenant: TenantId,
    flow: FlowId,
    rule: Rule,
) -> Result<Option<(Instant, i64)>, StoreError> {
    let row = store
        .row(sql!(
            "SELECT since_us, failures FROM lifecycle WHERE tenant = $1 AND flow = $2 AND rule = $3",
            tenant,
            flow,
            rule.name()
        ))
        .await?;
    row.map(|row| Ok((row.instant("since_us")?, row.int("failures")?))).transpose()
}

/// Counts a failure of a flow, if it is on: one statement, so that failures at the same time are
/// all counted. The flow is due to be turned off once there are enough of them.
pub(crate) fn count_failure(tenant: TenantId, flow: FlowId, rule: Rule, now: Instant) -> Statement {
    sql!(
        "INSERT INTO lifecycle (tenant, flow, rule, since_us, failures, due_us) \
         SELECT tenant, id, $3, $4, 1, NULL FROM flows WHERE tenant = $1 AND id = $2 AND state = 'Started' \
         ON CONFLICT (tenant, flow, rule) DO UPDATE SET failures = lifecycle.failures + 1, \
         due_us = CASE WHEN lifecycle.failures + 1 >= $5 THEN lifecycle.since_us + $6 ELSE lifecycle.due_us END",
        tenant,
        flow,
        rule.name(),
        now,
        FAILURES_MIN,
        FAILING_MAX.as_micros()
    )
}

/// Reads since when the rule counts, and when the owners were warned.
pub(crate) async fn find_warning(
    store: &Store,
    tenant: TenantId,
    flow: FlowId,
    rule: Rule,
) -> Result<Option<(Instant, Option<Instant>)>, StoreError> {
    let row = store
        .row(sql!(
            "SELECT since_us, warned_us FROM lifecycle WHERE tenant = $1 AND flow = $2 AND rule = $3",
            tenant,
            flow,
            rule.name()
        ))
        .await?;
    row.map(|row| Ok((row.instant("since_us")?, row.opt_instant("warned_us")?))).transpose()
}

/// Begins to count by a rule.
pub(crate) fn insert(
    tenant: TenantId,
    flow: FlowId,
    rule: Rule,
    (since, due): (Instant, Instant),
) -> Statement {
    sql!(
        "INSERT INTO lifecycle (tenant, flow, rule, since_us, failures, due_us) VALUES ($1, $2, $3, $4, 0, $5)",
        tenant,
        flow,
        rule.name(),
        since,
        due
    )
}

/// Postpones a rule that is due at `now`: otherwise the change conflicts.
pub(crate) fn postpone(
    tenant: TenantId,
    flow: FlowId,
    rule: Rule,
    (warned, until): (Option<Instant>, Instant),
    now: Instant,
) -> Statement {
    sql!(
        "UPDATE lifecycle SET warned_us = $4, due_us = $5 \
         WHERE tenant = $1 AND flow = $2 AND rule = $3 AND due_us <= $6",
        tenant,
        flow,
        rule.name(),
        warned,
        until,
        now
    )
    .expect_rows(1)
}

/// Deletes what counts by a rule.
pub(crate) fn delete(tenant: TenantId, flow: FlowId, rule: Rule) -> Statement {
    sql!("DELETE FROM lifecycle WHERE tenant = $1 AND flow = $2 AND rule = $3", tenant, flow, rule.name())
}

/// Deletes what counts by a rule, if it is due at `now`: otherwise the change conflicts.
pub(crate) fn take_due(tenant: TenantId, flow: FlowId, rule: Rule, now: Instant) -> Statement {
    sql!(
        "DELETE FROM lifecycle WHERE tenant = $1 AND flow = $2 AND rule = $3 AND due_us <= $4",
        tenant,
        flow,
        rule.name(),
        now
    )
    .expect_rows(1)
}

/// Deletes what counts by any rule.
pub(crate) fn delete_all(tenant: TenantId, flow: FlowId) -> Statement {
    sql!("DELETE FROM lifecycle WHERE tenant = $1 AND flow = $2", tenant, flow)
}

#[cfg(test)]
mod tests {
    use outlive_clock::Span;
    use outlive_store::{DatabaseUrl, Store};
    use uuid::Uuid;

    use super::*;
    use crate::lifecycle::failing::Outcome;
    use crate::status::RunStatus;

    fn day(day: i64) -> Instant {
        Instant::from_seconds(1_767_603_600) + Span::from_days(day)
    }

    #[tokio::test]
    async fn a_flow_is_turned_off_14_days_after_the_first_of_several_failures() {
        use RunStatus::{Aborted, Cancelled, Failed, Running, Succeeded, TimedOut, Waiting};
        /// What is shown, the runs by day, and the day on which the flow is turned off.
        type Row<'a> = (&'a str, &'a [(i64, RunStatus)], Option<i64>);
        let rows: &[Row<'_>] = &[
            ("no run", &[], None),
            ("success", &[(0, Succeeded), (1, Succeeded)], None),
            ("one failure", &[(0, Failed)], None),
            ("two failures", &[(0, Failed), (1, Failed)], Some(14)),
            ("a monthly flow", &[(0, Failed), (31, Failed)], Some(14)),
            ("a success ends it", &[(0, Failed), (1, Failed), (13, Succeeded)], None),
            ("it begins again", &[(0, Failed), (1, Succeeded), (2, Failed), (3, Failed)], Some(16)),
            ("one failure after a success", &[(0, Failed), (1, Failed), (2, Succeeded), (3, Failed)], None),
            ("time-outs and aborts fail", &[(0, TimedOut), (1, Aborted)], Some(14)),
            ("a cancelled run says nothing", &[(0, Failed), (1, Cancelled), (2, Failed)], Some(14)),
            ("only cancelled runs", &[(0, Cancelled), (1, Cancelled)], None),
            ("a cancelled run is no failure", &[(0, Failed), (1, Cancelled)], None),
            ("unfinished runs say nothing", &[(0, Failed), (1, Running), (2, Waiting)], None),
        ];
        let directory = tempfile::tempdir().expect("a directory");
        let url = DatabaseUrl::Sqlite(directory.path().join("flow.db"));
        let store = Store::open(&url, "flow", &[("flow", &crate::MIGRATIONS)]).await.expect("opens");
        let tenant = TenantId::from_uuid(Uuid::from_u128(1));
        for (number, (what, runs, expected)) in (1..).zip(rows) {
            let flow: FlowId = Uuid::from_u128(number).to_string().parse().expect("an id");
            let row = sql!(
                "INSERT INTO flows (tenant, id, owner, display_name, state, version, created_us, changed_us, anchor_us, runs) \
                 VALUES ($1, $2, '', '', 'Started', 1, 0, 0, 0, 0)",
                tenant,
                flow
            );
            store.commit(row).await.expect("inserted");
            for (at, status) in *runs {
                let statement = match Outcome::from(*status) {
                    Outcome::Neither => continue,
                    Outcome::Succeeded => delete(tenant, flow, Rule::FailingActions),
                    Outcome::Failed => count_failure(tenant, flow, Rule::FailingActions, day(*at)),
                };
                store.commit(statement).await.expect("stored");
            }
            let due = sql!(
                "SELECT MAX(due_us) AS due_us FROM lifecycle WHERE tenant = $1 AND flow = $2",
                tenant,
                flow
            );
            let due = store
                .row(due)
                .await
                .expect("read")
                .expect("a row")
                .opt_instant("due_us")
                .expect("an instant");
            assert_eq!(due, expected.map(day), "{what}");
        }
    }
}
