//! How many requests wait because of a fault: each holds a connection and memory.

use std::collections::HashMap;
use std::sync::Arc;

use outlive_clock::TenantId;
use parking_lot::Mutex;

/// The most requests of a tenant that wait at a service.
pub(super) const OF_TENANT_MAX: usize = 100;
/// The most requests of all tenants that wait at a service.
const OF_ALL_MAX: usize = 500;

/// The requests that wait at a service, by tenant. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiting(Arc<Mutex<HashMap<TenantId, usize>>>);

/// The right of a request to wait, until it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    waiting: Waiting,
    tenant: TenantId,
}

impl Waiting {
    /// Lets one more request of a tenant wait, unless too many do.
    pub(super) fn take(&self, tenant: TenantId) -> Option<Seat> {
        let mut waiting = self.0.lock();
        if waiting.values().sum::<usize>() >= OF_ALL_MAX {
            return None;
        }
        let of_tenant = waiting.entry(tenant).or_default();
        if *of_tenant >= OF_TENANT_MAX {
            return None;
        }
        *of_tenant += 1;
        Some(Seat { waiting: self.clone(), tenant })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut waiting = self.waiting.0.lock();
        if let Some(of_tenant) = waiting.get_mut(&self.tenant) {
            *of_tenant -= 1;
            if *of_tenant == 0 {
                waiting.remove(&self.tenant);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn each_tenant_and_all_together_have_a_limit() {
        let waiting = Waiting::default();
        let tenant = |number| TenantId::from_uuid(Uuid::from_u128(number));
        let take = |number| {
            let mut seats = Vec::new();
            while let Some(seat) = waiting.take(tenant(number)) {
                seats.push(seat);
            }
            seats
        };
        let mut seats: Vec<_> = (0..6).map(take).collect();
        let taken: Vec<_> = seats.iter().map(Vec::len).collect();
        assert_eq!(taken, [100, 100, 100, 100, 100, 0]);
        seats.swap_remove(2);
        assert_eq!(take(5).len(), 100);
        drop(seats);
        assert!(waiting.0.lock().is_empty());
    }
}
