//! The deliveries of security events in progress.

use std::collections::HashSet;

use outlive_chassis::TenantLocks;
use outlive_clock::TenantId;
use parking_lot::Mutex;

/// The deliveries in progress.
#[derive(Debug, Default)]
pub(crate) struct Deliveries {
    /// One delivery at a time per tenant, to keep the order.
    pub(crate) turns: TenantLocks,
    /// The tenants with a background task that retries.
    pub(crate) kept: Mutex<HashSet<TenantId>>,
}
