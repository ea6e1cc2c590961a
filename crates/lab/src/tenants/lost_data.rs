//! Services that lack tenants which this lab created, because their database is lost or was
//! replaced.

use std::fmt;

use outlive_clock::TenantId;

use crate::services::Service;

/// Maximum number of tenants that a message lists.
const NAMED_MAX: usize = 3;

/// The tenants that a service has lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostData {
    pub service: Service,
    /// The lost tenants, with their domains.
    pub tenants: Vec<(TenantId, String)>,
    /// Whether it has lost all of the lab's tenants, like a service with a new database.
    pub is_everything: bool,
}

impl fmt::Display for LostData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { service, tenants, is_everything } = self;
        let named: Vec<_> =
            tenants.iter().take(NAMED_MAX).map(|(tenant, domain)| format!("{domain} ({tenant})")).collect();
        let named = named.join(", ");
        let more = match tenants.len().saturating_sub(NAMED_MAX) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        if *is_everything {
            write!(
                f,
                "the {service} service has none of the tenants that this lab created in it: {named}{more}"
            )
        } else {
            write!(
                f,
                "the {service} service does not have these tenants, which this lab created in it: {named}{more}"
            )
        }
    }
}

/// Returns how to recover from lost data of a service.
pub(crate) fn recovery_of(service: Service) -> String {
    format!(
        "Stop the services and put the {service} service's database back, from a backup of the same moment as the others; or \
         delete each of these tenants (DELETE /lab/tenants/{{tenant}}); or, to begin with empty data, delete the databases of \
         all services and of the lab"
    )
}
