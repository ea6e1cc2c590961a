//! The services of an installation.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One of the four services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// The identity provider.
    Idp,
    /// The hub.
    Hub,
    /// The protected resource.
    Resource,
    /// The flow service.
    Flow,
}

impl Service {
    /// All services, in the order in which tenants are created.
    pub const ALL: [Self; 4] = [Self::Idp, Self::Hub, Self::Resource, Self::Flow];

    /// The name in journals and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Idp => "idp",
            Self::Hub => "hub",
            Self::Resource => "resource",
            Self::Flow => "flow",
        }
    }

    /// Whether the service does work at instants of its own.
    #[must_use]
    pub const fn has_schedule(self) -> bool {
        matches!(self, Self::Idp | Self::Flow)
    }

    /// The index in [`Service::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
