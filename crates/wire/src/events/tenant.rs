//! Tenants.

use crate::event::event;

event! {
    /// A tenant was created in a service.
    TenantCreated = "tenant.created" {
    }
    notable |_| true,
    summary |_| "The tenant was created.".to_owned(),
    example {  },
}
