//! Which flows may be failing: a run that succeeds ends the failures of those, and writes nothing
//! more for any other flow.

use std::collections::{HashMap, HashSet};

use outlive_clock::TenantId;
use outlive_store::{Store, StoreError};
use parking_lot::Mutex;

use crate::ids::FlowId;
use crate::lifecycle::Rule;
use crate::tables::lifecycle;

/// The flows with failures in the table `lifecycle`, and those that had some since this process
/// started. Only this process inserts them if it has the database for itself.
#[derive(Debug, Default)]
pub(super) struct Streaks(Mutex<HashMap<TenantId, Known>>);

#[derive(Debug, Default)]
struct Known {
    /// Whether the failures from before this process were read.
    is_complete: bool,
    flows: HashSet<(FlowId, Rule)>,
}

impl Streaks {
    /// Notes that failures of a flow are about to be stored.
    pub(super) fn note(&self, tenant: TenantId, flow: FlowId, rule: Rule) {
        self.0.lock().entry(tenant).or_default().flows.insert((flow, rule));
    }

    /// Whether the table may contain failures of a flow: it does not if this returns false.
    pub(super) async fn may_contain(
        &self,
        store: &Store,
        tenant: TenantId,
        flow: FlowId,
        rule: Rule,
    ) -> Result<bool, StoreError> {
        if !store.is_exclusive() {
            return Ok(true);
        }
        if let Some(known) = self.0.lock().get(&tenant).filter(|known| known.is_complete) {
            return Ok(known.flows.contains(&(flow, rule)));
        }
        let stored = lifecycle::list_streaks(store, tenant).await?;
        // What was inserted during the read was noted before.
        let mut all = self.0.lock();
        let known = all.entry(tenant).or_default();
        known.flows.extend(stored);
        known.is_complete = true;
        Ok(known.flows.contains(&(flow, rule)))
    }

    /// Drops what is known of a deleted tenant.
    pub(super) fn forget(&self, tenant: TenantId) {
        self.0.lock().remove(&tenant);
    }
}
