//! Reporting the end of flows to the hub, so that no access list goes on naming them.

use std::sync::PoisonError;

use outlive_chassis::Trace;
use outlive_clock::{Instant, TenantId};

use super::Flows;
use crate::connector::Occasion;
use crate::tables::flow_ids;

impl Flows {
    /// Reports what an earlier attempt could not.
    pub(super) async fn report_what_is_left(&self, tenant: TenantId, now: Instant) {
        let is_reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner).contains(&tenant);
        if !is_reported {
            self.report_deleted_flows(tenant, None, now).await;
        }
    }

    /// Reports every deleted flow of the tenant that the hub does not know of yet. What fails is
    /// logged and tried again with the tenant's next due work: the id of a deleted flow is never
    /// used again, so nothing depends on the instant.
    pub(super) async fn report_deleted_flows(&self, tenant: TenantId, trace: Option<&Trace>, now: Instant) {
        self.reported.lock().unwrap_or_else(PoisonError::into_inner).remove(&tenant);
        let store = &self.chassis.store;
        loop {
            let flows = match flow_ids::unreported(store, tenant).await {
                Ok(flows) => flows,
                Err(error) => {
                    tracing::warn!(%tenant, %error, "deleted flows cannot be read");
                    return;
                }
            };
            if flows.is_empty() {
                self.reported.lock().unwrap_or_else(PoisonError::into_inner).insert(tenant);
                return;
            }
            let begun;
            let trace = match trace {
                Some(trace) => trace,
                None => {
                    begun = Trace::begin(&self.chassis.random.of(tenant));
                    &begun
                }
            };
            for flow in flows {
                let occasion = Occasion { tenant, trace, now };
                if let Err(outcome) = self.hub.withdraw_access(&occasion, self, flow).await {
                    let why = outcome.failure.map_or_else(String::new, |failure| failure.message);
                    tracing::warn!(%tenant, %flow, why, "the hub could not withdraw the access of a deleted flow");
                    return;
                }
                if let Err(error) = store.commit(flow_ids::withdrawn(tenant, flow)).await {
                    tracing::warn!(%tenant, %flow, %error, "a withdrawal cannot be recorded");
                    return;
                }
            }
        }
    }
}
