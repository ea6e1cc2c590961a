//! Rows of the table `subscriptions`: those of webhook triggers.

use outlive_clock::{Instant, TenantId, wall_now};
use outlive_store::{Change, Row, Statement, Store, StoreError, sql};
use serde_json::json;

use super::flows::FlowRow;
use super::runs::Claimant;
use crate::engine::Failure;
use crate::ids::FlowId;
use crate::subscription::SubscriptionState;

/// The maximum number of subscriptions of a flow that are read at a time: the newest, and those
/// that have to be ended.
const READ_MAX: u32 = 100;

#[derive(Clone, Debug)]
pub(crate) struct Subscription {
    pub(crate) flow: FlowId,
    pub(crate) number: i64,
    /// The version of the definition with the trigger.
    pub(crate) version: i64,
    pub(crate) state: SubscriptionState,
    /// The address that the service gave.
    pub(crate) location: Option<String>,
    pub(crate) error: Option<Failure>,
    pub(crate) due: Option<Instant>,
    pub(crate) retries: u32,
    claims: i64,
}

fn subscription_of(row: &Row) -> Result<Subscription, StoreError> {
    Ok(Subscription {
        flow: row.parse("flow")?,
        number: row.int("number")?,
        version: row.int("version")?,
        state: row.parse("state")?,
        location: row.opt_text("location")?,
        error: row.opt_json("error")?,
        due: row.opt_instant("due_us")?,
        retries: u32::try_from(row.int("retries")?).unwrap_or(u32::MAX),
        claims: row.int("claims")?,
    })
}

/// Reads the subscriptions of a flow, oldest first.
pub(crate) async fn list(
    store: &Store,
    tenant: TenantId,
    flow: FlowId,
) -> Result<Vec<Subscription>, StoreError> {
    let rows = store
        .rows(sql!(
            "SELECT flow, number, version, state, location, error, due_us, retries, claims FROM subscriptions \
             WHERE tenant = $1 AND flow = $2 ORDER BY number DESC LIMIT $3",
            tenant,
            flow,
            READ_MAX
        ))
        .await?;
    rows.iter().rev().map(subscription_of).collect()
}

/// Reads a subscription.
pub(crate) async fn find(
    store: &Store,
    tenant: TenantId,
    flow: FlowId,
    number: i64,
) -> Result<Option<Subscription>, StoreError> {
    let row = store
        .row(sql!(
            "SELECT flow, number, version, state, location, error, due_us, retries, claims FROM subscriptions \
             WHERE tenant = $1 AND flow = $2 AND number = $3",
            tenant,
            flow,
            number
        ))
        .await?;
    row.as_ref().map(subscription_of).transpose()
}

/// Begins a subscription with the revision of the flow that is saved, which is due at `now`.
/// Without effect if the flow has one.
pub(crate) fn insert(tenant: TenantId, flow: &FlowRow, revision: i64, now: Instant) -> Statement {
    sql!(
        "INSERT INTO subscriptions (tenant, flow, number, version, state, is_open, due_us, retries, claims, replica, \
         lease_wall_us) SELECT tenant, id, $3, $4, 'subscribing', 0, $5, 0, 0, '', 0 FROM flows f \
         WHERE f.tenant = $1 AND f.id = $2 AND NOT EXISTS \
         (SELECT 1 FROM subscriptions s WHERE s.tenant = $1 AND s.flow = $2 AND s.state <> 'unsubscribing')",
        tenant,
        flow.id,
        revision,
        flow.version,
        now
    )
}

/// Keeps the subscription of a flow whose trigger did not change, and tries one again that failed.
pub(crate) fn keep(tenant: TenantId, flow: &FlowRow, now: Instant) -> [Statement; 2] {
    [
        sql!(
            "UPDATE subscriptions SET version = $3 WHERE tenant = $1 AND flow = $2 AND state <> 'unsubscribing'",
            tenant,
            flow.id,
            flow.version
        ),
        sql!(
            "UPDATE subscriptions SET state = 'subscribing', due_us = $3, retries = 0, error = NULL \
             WHERE tenant = $1 AND flow = $2 AND state = 'failed'",
            tenant,
            flow.id,
            now
        ),
    ]
}

/// Ends the subscription of a flow: that is due at `now`, unless the service does not know it.
pub(crate) fn end(tenant: TenantId, flow: FlowId, now: Instant) -> [Statement; 2] {
    [
        sql!(
            "DELETE FROM subscriptions WHERE tenant = $1 AND flow = $2 AND state <> 'unsubscribing' AND is_open = 0",
            tenant,
            flow
        ),
        sql!(
            "UPDATE subscriptions SET state = 'unsubscribing', due_us = $3, retries = 0, error = NULL \
             WHERE tenant = $1 AND flow = $2 AND state <> 'unsubscribing'",
            tenant,
            flow,
            now
        ),
    ]
}

/// Claims a subscription for a call, which the service may get to know from now on; exactly one
/// replica succeeds.
pub(crate) fn claim(tenant: TenantId, of: &Subscription, claimant: &Claimant<'_>) -> Statement {
    sql!(
        "UPDATE subscriptions SET claims = claims + 1, is_open = 1, replica = $6, lease_wall_us = $7 \
         WHERE tenant = $1 AND flow = $2 AND number = $3 AND claims = $4 AND state = $5 AND due_us IS NOT NULL \
         AND (replica = '' OR replica = $6 OR lease_wall_us < $8)",
        tenant,
        of.flow,
        of.number,
        of.claims,
        of.state.name(),
        claimant.replica,
        claimant.lease,
        wall_now()
    )
    .expect_rows(1)
}

/// What a call changed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Update<'a> {
    pub(crate) state: SubscriptionState,
    /// Whether the service may have the subscription.
    pub(crate) is_open: bool,
    pub(crate) location: Option<&'a str>,
    pub(crate) error: Option<&'a Failure>,
    /// When the call is repeated.
    pub(crate) due: Option<Instant>,
}

/// Stores what a claimed call changed. If the subscription is to be ended since the call began,
/// that stays due. Conflicts if another replica has claimed it.
pub(crate) fn update(tenant: TenantId, of: &Subscription, update: Update<'_>) -> Statement {
    sql!(
        "UPDATE subscriptions SET is_open = $6, location = $7, replica = '', lease_wall_us = 0, \
         error = CASE WHEN state = $5 THEN $8 END, \
         retries = CASE WHEN state <> $5 THEN 0 WHEN $9 IS NULL THEN retries ELSE retries + 1 END, \
         due_us = CASE WHEN state = $5 THEN $9 ELSE due_us END, \
         state = CASE WHEN state = $5 THEN $10 ELSE state END \
         WHERE tenant = $1 AND flow = $2 AND number = $3 AND claims = $4",
        tenant,
        of.flow,
        of.number,
        of.claims + 1,
        of.state.name(),
        update.is_open,
        update.location,
        update.error.map(|error| json!(error).to_string()),
        update.due,
        update.state.name()
    )
    .expect_rows(1)
}

/// Deletes a claimed subscription that has ended, and what remains of its flow if that was deleted.
pub(crate) fn delete(tenant: TenantId, of: &Subscription) -> Change {
    let mut change = Change::from(
        sql!(
            "DELETE FROM subscriptions WHERE tenant = $1 AND flow = $2 AND number = $3 AND claims = $4",
            tenant,
            of.flow,
            of.number,
            of.claims + 1
        )
        .expect_rows(1),
    );
    for statement in delete_remains(tenant, of.flow) {
        change.add(statement);
    }
    change
}

/// Deletes what a deleted flow needed for the calls that ended its subscriptions, after the last of
/// them.
pub(crate) fn delete_remains(tenant: TenantId, flow: FlowId) -> [Statement; 2] {
    [
        sql!(
            "DELETE FROM definitions WHERE tenant = $1 AND flow = $2 \
             AND NOT EXISTS (SELECT 1 FROM flows WHERE tenant = $1 AND id = $2) \
             AND version NOT IN (SELECT version FROM subscriptions WHERE tenant = $1 AND flow = $2)",
            tenant,
            flow
        ),
        sql!(
            "DELETE FROM access_keys WHERE tenant = $1 AND flow = $2 \
             AND NOT EXISTS (SELECT 1 FROM flows WHERE tenant = $1 AND id = $2) \
             AND NOT EXISTS (SELECT 1 FROM subscriptions WHERE tenant = $1 AND flow = $2)",
            tenant,
            flow
        ),
    ]
}
