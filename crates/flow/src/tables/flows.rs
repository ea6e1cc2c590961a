//! Rows of the tables `flows` and `definitions`.

use outlive_clock::{Instant, TenantId, UserId};
use outlive_store::{Row, Statement, Store, StoreError, sql};
use serde_json::Value;

use super::permissions::Role;
use crate::ids::FlowId;

/// Whether a flow runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FlowState {
    Started,
    Stopped,
    Suspended,
}

impl FlowState {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Started => "Started",
            Self::Stopped => "Stopped",
            Self::Suspended => "Suspended",
        }
    }
}

impl std::str::FromStr for FlowState {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Started, Self::Stopped, Self::Suspended]
            .into_iter()
            .find(|state| state.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| "neither Started, Stopped nor Suspended".to_owned())
    }
}

/// A flow, without its definition.
#[derive(Clone, Debug)]
pub(crate) struct FlowRow {
    pub(crate) id: FlowId,
    pub(crate) owner: UserId,
    pub(crate) display_name: String,
    pub(crate) state: FlowState,
    pub(crate) version: i64,
    pub(crate) created: Instant,
    pub(crate) changed: Instant,
    pub(crate) anchor: Instant,
    pub(crate) next_due: Option<Instant>,
    /// The number of changes, for optimistic concurrency.
    pub(crate) revision: i64,
    /// Why and when the service turned it off.
    pub(crate) suspension: Option<(String, Instant)>,
    /// When a trigger last started a run.
    pub(crate) triggered: Option<Instant>,
}

fn flow_of(row: &Row) -> Result<FlowRow, StoreError> {
    Ok(FlowRow {
        id: row.parse("id")?,
        owner: row.parse("owner")?,
        display_name: row.text("display_name")?,
        state: row.parse("state")?,
        version: row.int("version")?,
        created: row.instant("created_us")?,
        changed: row.instant("changed_us")?,
        anchor: row.instant("anchor_us")?,
        next_due: row.opt_instant("next_due_us")?,
        revision: row.int("revision")?,
        suspension: row.opt_text("suspension_reason")?.zip(row.opt_instant("suspended_us")?),
        triggered: row.opt_instant("triggered_us")?,
    })
}

pub(crate) async fn find(store: &Store, tenant: TenantId, id: FlowId) -> Result<Option<FlowRow>, StoreError> {
    let row = store
        .row(sql!(
            "SELECT id, owner, display_name, state, version, created_us, changed_us, anchor_us, next_due_us, revision, suspension_reason, \
             suspended_us, triggered_us FROM flows \
             WHERE tenant = $1 AND id = $2",
            tenant,
            id
        ))
        .await?;
    row.as_ref().map(flow_of).transpose()
}

/// Reads a flow, and the role that a user has for it.
pub(crate) async fn find_with_role(
    store: &Store,
    tenant: TenantId,
    id: FlowId,
    user: UserId,
) -> Result<Option<(FlowRow, Option<Role>)>, StoreError> {
    let row = store
        .row(sql!(
            "SELECT f.id AS id, f.owner AS owner, f.display_name AS display_name, f.state AS state, f.version AS version, \
             f.created_us AS created_us, f.changed_us AS changed_us, f.anchor_us AS anchor_us, \
             f.next_due_us AS next_due_us, f.revision AS revision, f.suspension_reason AS suspension_reason, \
             f.suspended_us AS suspended_us, f.triggered_us AS triggered_us, p.role AS role FROM flows f \
             LEFT JOIN permissions p ON p.tenant = f.tenant AND p.flow = f.id AND p.principal = $3 \
             WHERE f.tenant = $1 AND f.id = $2",
            tenant,
            id,
            user
        ))
        .await?;
    row.map(|row| Ok((flow_of(&row)?, row.opt_parse("role")?))).transpose()
}

/// Which flows of a user are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listed {
    All,
    /// Those that the user created.
    Personal,
    /// Those that others share with the user.
    Team,
}

/// Reads the flows of a user after the one at `(created, id)`, oldest first, and the user's roles.
pub(crate) async fn list(
    store: &Store,
    (tenant, user): (TenantId, UserId),
    listed: Listed,
    after: (Instant, &str),
    limit: u32,
) -> Result<Vec<(FlowRow, Role)>, StoreError> {
    let rows = store
        .rows(sql!(
            "SELECT f.id AS id, f.owner AS owner, f.display_name AS display_name, f.state AS state, f.version AS version, \
             f.created_us AS created_us, f.changed_us AS changed_us, f.anchor_us AS anchor_us, \
             f.next_due_us AS next_due_us, f.revision AS revision, f.suspension_reason AS suspension_reason, \
             f.suspended_us AS suspended_us, f.triggered_us AS triggered_us, p.role AS role FROM permissions p \
             JOIN flows f ON f.tenant = p.tenant AND f.id = p.flow \
             WHERE p.tenant = $1 AND p.principal = $2 \
             AND ($3 = 'all' OR (p.role = 'Owner' AND $3 = 'personal') OR (p.role <> 'Owner' AND $3 = 'team')) \
             AND (p.flow_created_us > $4 OR (p.flow_created_us = $4 AND p.flow > $5)) \
             ORDER BY p.flow_created_us, p.flow LIMIT $6",
            tenant,
            user,
            match listed {
                Listed::All => "all",
                Listed::Personal => "personal",
                Listed::Team => "team",
            },
            after.0,
            after.1,
            limit
        ))
        .await?;
    rows.iter().map(|row| Ok((flow_of(row)?, row.parse("role")?))).collect()
}

/// Reads the flows of all owners after the one at `(created, id)`, oldest first.
pub(crate) async fn list_all(
    store: &Store,
    tenant: TenantId,
    after: (Instant, &str),
    limit: u32,
) -> Result<Vec<FlowRow>, StoreError> {
    let rows = store
        .rows(sql!(
            "SELECT id, owner, display_name, state, version, created_us, changed_us, anchor_us, next_due_us, revision, suspension_reason, \
             suspended_us, triggered_us FROM flows \
             WHERE tenant = $1 AND (created_us > $2 OR (created_us = $2 AND id > $3)) \
             ORDER BY created_us, id LIMIT $4",
            tenant,
            after.0,
            after.1,
            limit
        ))
        .await?;
    rows.iter().map(flow_of).collect()
}

/// Counts a change of who may use a flow. Conflicts if the flow was changed since it was read.
pub(crate) fn share(tenant: TenantId, flow: &FlowRow) -> Statement {
    sql!(
        "UPDATE flows SET revision = revision + 1 WHERE tenant = $1 AND id = $2 AND revision = $3",
        tenant,
        flow.id,
        flow.revision
    )
    .expect_rows(1)
}

pub(crate) async fn count(store: &Store, tenant: TenantId, owner: UserId) -> Result<i64, StoreError> {
    let row = store
        .row(sql!("SELECT COUNT(*) AS flows FROM flows WHERE tenant = $1 AND owner = $2", tenant, owner))
        .await?;
    row.map_or(Ok(0), |row| row.int("flows"))
}

/// Reads the document (`{definition, connectionReferences}`) of a version.
pub(crate) async fn find_document(
    store: &Store,
    tenant: TenantId,
    flow: FlowId,
    version: i64,
) -> Result<Option<Value>, StoreError> {
    let row = store
        .row(sql!(
            "SELECT document FROM definitions WHERE tenant = $1 AND flow = $2 AND version = $3",
            tenant,
            flow,
            version
        ))
        .await?;
    row.map(|row| row.json("document")).transpose()
}

pub(crate) fn insert(tenant: TenantId, flow: &FlowRow) -> Statement {
    sql!(
        "INSERT INTO flows (tenant, id, owner, display_name, state, version, created_us, changed_us, anchor_us, next_due_us, runs) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0)",
        tenant,
        flow.id,
        flow.owner,
        &flow.display_name,
        flow.state.name(),
        flow.version,
        flow.created,
        flow.changed,
        flow.anchor,
        flow.next_due
    )
}

/// Updates a flow. Conflicts if it has changed since it was read. Unless it is `rescheduled`, its
/// next occurrence stays as it is.
pub(crate) fn update(tenant: TenantId, flow: &FlowRow, rescheduled: bool) -> Statement {
    sql!(
        "UPDATE flows SET display_name = $4, state = $5, version = $6, changed_us = $7, \
         anchor_us = CASE WHEN $8 = 1 THEN $9 ELSE anchor_us END, \
         next_due_us = CASE WHEN $8 = 1 THEN $10 ELSE next_due_us END, \
         trigger_state = CASE WHEN $8 = 1 THEN '' ELSE trigger_state END, revision = revision + 1, \
         suspension_reason = CASE WHEN $5 = 'Suspended' THEN suspension_reason END, \
         suspended_us = CASE WHEN $5 = 'Suspended' THEN suspended_us END \
         WHERE tenant = $1 AND id = $2 AND revision = $3",
        tenant,
        flow.id,
        flow.revision,
        &flow.display_name,
        flow.state.name(),
        flow.version,
        flow.changed,
        rescheduled,
        flow.anchor,
        flow.next_due
    )
    .expect_rows(1)
}

pub(crate) fn insert_document(tenant: TenantId, flow: FlowId, version: i64, document: Value) -> Statement {
    sql!(
        "INSERT INTO definitions (tenant, flow, version, document) VALUES ($1, $2, $3, $4)",
        tenant,
        flow,
        version,
        document
    )
}

/// Deletes the versions before `version` that no unfinished run and no subscription uses.
pub(crate) fn delete_unused_documents(tenant: TenantId, flow: FlowId, version: i64) -> Statement {
    sql!(
        "DELETE FROM definitions WHERE tenant = $1 AND flow = $2 AND version < $3 AND version NOT IN \
         (SELECT version FROM runs WHERE tenant = $1 AND flow = $2 AND status IN ('Running', 'Waiting')) \
         AND version NOT IN (SELECT version FROM subscriptions WHERE tenant = $1 AND flow = $2)",
        tenant,
        flow,
        version
    )
}

/// Counts a run of a flow that is on, at `version`. Conflicts if it was changed or turned off.
pub(crate) fn count_run(tenant: TenantId, flow: FlowId, version: i64, now: Instant) -> Statement {
    sql!(
        "UPDATE flows SET runs = runs + 1, triggered_us = $4 \
         WHERE tenant = $1 AND id = $2 AND version = $3 AND state = 'Started'",
        tenant,
        flow,
        version,
        now
    )
    .expect_rows(1)
}

/// Claims the occurrence that is due at `due`; exactly one replica succeeds.
pub(crate) fn claim_occurrence(
    tenant: TenantId,
    flow: FlowId,
    version: i64,
    (due, next): (Instant, Instant),
    now: Instant,
) -> Statement {
    sql!(
        "UPDATE flows SET runs = runs + 1, next_due_us = $5, triggered_us = $6 \
         WHERE tenant = $1 AND id = $2 AND version = $3 AND next_due_us = $4 AND state = 'Started'",
        tenant,
        flow,
        version,
        due,
        next,
        now
    )
    .expect_rows(1)
}

/// Reads where the next events of a polling trigger are, if its last response gave an address.
pub(crate) async fn find_trigger_state(
    store: &Store,
    tenant: TenantId,
    flow: FlowId,
) -> Result<Option<String>, StoreError> {
    let row = store
        .row(sql!("SELECT trigger_state FROM flows WHERE tenant = $1 AND id = $2", tenant, flow))
        .await?;
    let state = row.map(|row| row.text("trigger_state")).transpose()?;
    Ok(state.filter(|state| !state.is_empty()))
}

/// Sets where the next events of a polling trigger are. Follows the claim of the occurrence in the
/// same change.
pub(crate) fn set_trigger_state(tenant: TenantId, flow: FlowId, version: i64, state: &str) -> Statement {
    sql!(
        "UPDATE flows SET trigger_state = $4 WHERE tenant = $1 AND id = $2 AND version = $3",
        tenant,
        flow,
        version,
        state
    )
}

/// Skips the missed occurrences from `due` until before `next`.
pub(crate) fn skip_occurrences(
    tenant: TenantId,
    flow: FlowId,
    version: i64,
    due: Instant,
    next: Instant,
) -> Statement {
    sql!(
        "UPDATE flows SET next_due_us = $5 \
         WHERE tenant = $1 AND id = $2 AND version = $3 AND next_due_us = $4 AND state = 'Started'",
        tenant,
        flow,
        version,
        due,
        next
    )
    .expect_rows(1)
}

/// Suspends a flow whose definition cannot be read.
pub(crate) fn suspend(tenant: TenantId, flow: FlowId, version: i64) -> Statement {
    sql!(
        "UPDATE flows SET state = 'Suspended', next_due_us = NULL, revision = revision + 1 \
         WHERE tenant = $1 AND id = $2 AND version = $3",
        tenant,
        flow,
        version
    )
}

/// Turns off a flow that is on. Conflicts if it was turned off meanwhile.
pub(crate) fn turn_off(tenant: TenantId, flow: FlowId, reason: &'static str, now: Instant) -> Statement {
    sql!(
        "UPDATE flows SET state = 'Suspended', suspension_reason = $3, suspended_us = $4, next_due_us = NULL, \
         revision = revision + 1 WHERE tenant = $1 AND id = $2 AND state = 'Started'",
        tenant,
        flow,
        reason,
        now
    )
    .expect_rows(1)
}

/// Deletes a flow with its runs.
pub(crate) fn delete(tenant: TenantId, flow: FlowId) -> [Statement; 4] {
    [
        sql!("DELETE FROM runs WHERE tenant = $1 AND flow = $2", tenant, flow),
        sql!("DELETE FROM pruned_runs WHERE tenant = $1 AND flow = $2", tenant, flow),
        sql!("DELETE FROM pruned_days WHERE tenant = $1 AND flow = $2", tenant, flow),
        sql!("DELETE FROM flows WHERE tenant = $1 AND id = $2", tenant, flow).expect_rows(1),
    ]
}
