//! Statements on the service's tables, and their rows.

pub(crate) mod access_keys;
pub(crate) mod callbacks;
pub(crate) mod credentials;
pub(crate) mod due;
pub(crate) mod flow_ids;
pub(crate) mod flows;
pub(crate) mod grants_due;
pub(crate) mod lifecycle;
pub(crate) mod mails;
pub(crate) mod permissions;
pub(crate) mod plans;
mod records;
pub(crate) mod repetitions;
pub(crate) mod run_lists;
pub(crate) mod run_ranges;
pub(crate) mod runs;
pub(crate) mod subscription_calls;
pub(crate) mod subscriptions;

/// The tables whose rows are deleted with their tenant.
pub(crate) const TENANT_TABLES: &[&str] = &[
    "callbacks",
    "repetitions",
    "runs",
    "pruned_runs",
    "pruned_days",
    "definitions",
    "flows",
    "flow_ids",
    "grants_due",
    "access_keys",
    "subscriptions",
    "subscription_calls",
    "lifecycle",
    "mails",
    "permissions",
    "plans",
    "flow_credentials",
];
