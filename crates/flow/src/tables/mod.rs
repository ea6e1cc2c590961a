//! The service's tables: every statement it makes, and the rows it reads.

pub(crate) mod credentials;
pub(crate) mod due;
pub(crate) mod flow_ids;
pub(crate) mod flows;
pub(crate) mod runs;

/// The tables whose rows go with their tenant.
pub(crate) const TENANT_TABLES: &[&str] =
    &["runs", "pruned_runs", "definitions", "flows", "flow_ids", "flow_credentials"];
