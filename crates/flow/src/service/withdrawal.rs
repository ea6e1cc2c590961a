//! Reports deleted flows to the hub, which withdraws their access policies.

use outlive_chassis::Trace;
use outlive_clock::{Instant, TenantId};

use super::state::Flows;
use crate::connector::CallContext;
use crate::tables::flow_ids;

impl Flows {
    /// Reports the deleted flows that earlier attempts could not report.
    pub(super) async fn report_remaining(&self, tenant: TenantId, now: Instant) {
        let is_reported = self.reported.lock().contains(&tenant);
        if !is_reported {
            self.report_deleted_flows(tenant, None, now).await;
        }
    }

    /// Reports every deleted flow of the tenant that the hub does not know of yet. A failure is
    /// logged and retried with the tenant's next due work. Ids of deleted flows are never reused,
    /// so the time does not matter.
    pub(super) async fn report_deleted_flows(&self, tenant: TenantId, trace: Option<&Trace>, now: Instant) {
        self.reported.lock().remove(&tenant);
        let store = &self.chassis.store;
        loop {
            let flows = match flow_ids::list_pending(store, tenant).await {
                Ok(flows) => flows,
                Err(error) => {
                    tracing::warn!(%tenant, %error, "cannot read deleted flows");
                    return;
                }
            };
            if flows.is_empty() {
                self.reported.lock().insert(tenant);
                return;
            }
            let new_trace;
            let trace = match trace {
                Some(trace) => trace,
                None => {
                    new_trace = self.chassis.begin_trace(tenant, now);
                    &new_trace
                }
            };
            for flow in flows {
                let context = CallContext { tenant, trace, now };
                if let Err(outcome) = self.hub.withdraw_access(&context, self, flow).await {
                    let why = outcome.failure.map_or_else(String::new, |failure| failure.message);
                    tracing::warn!(%tenant, %flow, why, "the hub could not withdraw the access of a deleted flow");
                    return;
                }
                if let Err(error) = store.commit(flow_ids::mark_withdrawn(tenant, flow)).await {
                    tracing::warn!(%tenant, %flow, %error, "cannot record a withdrawal");
                    return;
                }
            }
        }
    }
}
