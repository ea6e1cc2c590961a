//! Rows of the table `repetitions`: archived iterations of loops. They are deleted with their run.

use outlive_clock::TenantId;
use outlive_store::{Row, Statement, Store, StoreError, sql};

use super::records::{corrupt, packed, unpacked};
use crate::engine::Iteration;
use crate::ids::FlowId;

/// A run.
pub(crate) type RunKey<'a> = (TenantId, FlowId, &'a str);

pub(crate) fn insert((tenant, flow, run): RunKey<'_>, iteration: &Iteration) -> Statement {
    // Maps with string keys and finite numbers can always be serialized.
    let record = serde_json::to_string(iteration).unwrap_or_default();
    sql!(
        "INSERT INTO repetitions (tenant, flow, run, scope, name, record) VALUES ($1, $2, $3, $4, $5, $6)",
        tenant,
        flow,
        run,
        iteration.scope(),
        iteration.name(),
        packed(&record)
    )
}

fn iteration_of(row: &Row) -> Result<Iteration, StoreError> {
    serde_json::from_str(&unpacked(row)?).map_err(|error| corrupt(error.to_string()))
}

/// Reads the archived iterations of one or two loops after the one of that name, in order.
pub(crate) async fn list(
    store: &Store,
    (tenant, flow, run): RunKey<'_>,
    scopes: [&str; 2],
    after: &str,
    limit: u32,
) -> Result<Vec<Iteration>, StoreError> {
    let rows = store
        .rows(sql!(
            "SELECT record FROM repetitions WHERE tenant = $1 AND flow = $2 AND run = $3 \
             AND (scope = $4 OR scope = $5) AND name > $6 ORDER BY name LIMIT $7",
            tenant,
            flow,
            run,
            scopes[0],
            scopes[1],
            after,
            limit
        ))
        .await?;
    rows.iter().map(iteration_of).collect()
}

/// Reads the archived iterations of this name of one or two loops.
pub(crate) async fn find(
    store: &Store,
    (tenant, flow, run): RunKey<'_>,
    scopes: [&str; 2],
    name: &str,
) -> Result<Vec<Iteration>, StoreError> {
    let rows = store
        .few_rows(sql!(
            "SELECT record FROM repetitions WHERE tenant = $1 AND flow = $2 AND run = $3 \
             AND (scope = $4 OR scope = $5) AND name = $6",
            tenant,
            flow,
            run,
            scopes[0],
            scopes[1],
            name
        ))
        .await?;
    rows.iter().map(iteration_of).collect()
}
