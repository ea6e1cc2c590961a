//! Reports to the hub which connections saved flows reference, and which flows were deleted. The
//! hub grants and withdraws their access policies.
//!
//! What has to be reported is committed with the change of the flow, and deleted after the hub
//! confirmed it. So it survives a crash: it is reported again with the tenant's next due work,
//! which is before the flow's next scheduled run, or when the flow is run manually.

use outlive_chassis::{ClockReading, Trace};
use outlive_clock::{Instant, TenantId};
use outlive_store::{Change, StoreError};

use super::state::Flows;
use crate::connector::{CallContext, SelectedConnections};
use crate::engine::Outcome;
use crate::ids::FlowId;
use crate::tables::flows::{self, FlowRow};
use crate::tables::permissions::{self, Role};
use crate::tables::{flow_ids, grants_due};

/// How often connections are reported again because the flow was saved at the same time.
const ATTEMPTS_MAX: usize = 5;

/// Why a report failed, for the log.
struct Failed(String);

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

impl From<Outcome> for Failed {
    fn from(outcome: Outcome) -> Self {
        Self(outcome.failure.map_or_else(String::new, |failure| failure.message))
    }
}

impl Flows {
    /// Reports what earlier attempts could not report.
    pub(super) async fn report_remaining(&self, tenant: TenantId, time: ClockReading) {
        let is_reported = self.reported.lock().contains(&tenant);
        if !is_reported {
            let trace = self.chassis.begin_trace(tenant, time);
            self.report_all(tenant, &trace, time.now).await;
        }
    }

    /// Reports every saved and deleted flow of the tenant of which the hub does not know yet. A
    /// failure is logged and retried with the tenant's next due work.
    pub(super) async fn report_all(&self, tenant: TenantId, trace: &Trace, now: Instant) {
        self.reported.lock().remove(&tenant);
        let reported = match self.report_deletions(tenant, trace, now).await {
            Ok(()) => self.report_saves(tenant, trace, now).await,
            Err(failed) => Err(failed),
        };
        match reported {
            Ok(()) => {
                self.reported.lock().insert(tenant);
            }
            Err(Failed(why)) => {
                tracing::warn!(%tenant, why, "the access of flows could not be reported to the hub");
            }
        }
    }

    /// Ids of deleted flows are never reused, so the time of the report does not matter.
    async fn report_deletions(&self, tenant: TenantId, trace: &Trace, now: Instant) -> Result<(), Failed> {
        let store = &self.chassis.store;
        loop {
            let flows = flow_ids::list_pending(store, tenant).await?;
            if flows.is_empty() {
                return Ok(());
            }
            for flow in flows {
                self.hub.withdraw_access(&CallContext { tenant, trace, now }, self, flow).await?;
                store.commit(flow_ids::mark_withdrawn(tenant, flow)).await?;
            }
        }
    }

    async fn report_saves(&self, tenant: TenantId, trace: &Trace, now: Instant) -> Result<(), Failed> {
        let mut after = String::new();
        loop {
            let flows = grants_due::list(&self.chassis.store, tenant, &after).await?;
            let Some(last) = flows.last() else { return Ok(()) };
            after = last.to_string();
            for flow in flows {
                self.report_connections(&CallContext { tenant, trace, now }, flow).await?;
            }
        }
    }

    /// Reports the connections of a flow, if that is due. A failure is logged, and retried later.
    pub(super) async fn grant_access(&self, context: &CallContext<'_>, flow: FlowId) {
        if let Err(Failed(why)) = self.report_connections(context, flow).await {
            let tenant = context.tenant;
            self.reported.lock().remove(&tenant);
            tracing::warn!(%tenant, %flow, why, "the access of a flow could not be reported to the hub");
        }
    }

    /// Reports the connections of the flow's present version, until no other version was saved and
    /// no owner was added or removed meanwhile. It stays due while a reference has no connection
    /// that its owners may use.
    async fn report_connections(&self, context: &CallContext<'_>, flow: FlowId) -> Result<(), Failed> {
        let (store, tenant) = (&self.chassis.store, context.tenant);
        for _ in 0..ATTEMPTS_MAX {
            let versions = grants_due::versions(store, tenant, flow).await?;
            if versions.is_empty() {
                return Ok(());
            }
            let Some(row) = flows::find(store, tenant, flow).await? else {
                self.hub.withdraw_access(context, self, flow).await?;
                return Ok(store.commit(grants_due::delete_all(tenant, flow)).await?);
            };
            if self.report_version(context, &row).await? {
                let mut change = Change::new();
                for version in versions {
                    change.add(grants_due::delete(tenant, flow, version));
                }
                store.commit(change).await?;
            }
            let current = flows::find(store, tenant, flow).await?;
            if current.as_ref().is_some_and(|current| current.revision == row.revision) {
                return Ok(());
            }
            // The hub may have received this report after the one of the newer version, or of other
            // owners.
            let version = current.map_or(row.version, |current| current.version);
            store.commit(grants_due::insert(tenant, flow, version)).await?;
        }
        Ok(())
    }

    /// Reports the connections of a version. Returns whether each reference has one that its owners
    /// may use.
    async fn report_version(&self, context: &CallContext<'_>, flow: &FlowRow) -> Result<bool, Failed> {
        let program = self.definition(context.tenant, flow.id, flow.version).await;
        let Some(program) = program.map_err(|problem| Failed(problem.to_string()))? else {
            return Ok(false);
        };
        let owners = permissions::list(&self.chassis.store, context.tenant, flow.id).await?;
        let co_owners = owners.iter().filter(|user| user.role == Role::CanEdit);
        let mut selected = SelectedConnections {
            of_owner: (flow.owner, Vec::new()),
            of_co_owners: co_owners.map(|user| (user.principal, Vec::new())).collect(),
        };
        let mut is_complete = true;
        for name in program.connection_names() {
            let key = name.to_ascii_lowercase();
            let id = match program.selected.connections.get(&key) {
                Some(id) => Some(id.clone()),
                None => self.hub.find_selectable(context, self, flow.owner, name).await?,
            };
            is_complete &= id.is_some();
            let selector = program.selected.selector(&key, flow.owner);
            // What a former co-owner selected is not reported.
            let of_selector = if selector == flow.owner {
                Some(&mut selected.of_owner.1)
            } else {
                selected.of_co_owners.get_mut(&selector)
            };
            if let (Some(list), Some(id)) = (of_selector, id) {
                list.push(id);
            }
        }
        self.hub.grant_access(context, self, flow.id, &selected).await?;
        Ok(is_complete)
    }
}
