//! The service's tables: every statement it makes, and the rows it reads.

pub(crate) mod credentials;
pub(crate) mod due;
pub(crate) mod flow_ids;
pub(crate) mod flows;
pub(crate) mod runs;

use outlive_store::Value;

use crate::ids::FlowId;

/// The tables whose rows go with their tenant.
pub(crate) const TENANT_TABLES: &[&str] =
    &["runs", "pruned_runs", "definitions", "flows", "flow_ids", "flow_credentials"];

impl From<FlowId> for Value {
    fn from(id: FlowId) -> Self {
        Self::Text(Some(id.to_string()))
    }
}
