//! The origins of the services. The public origin of a service can differ from its internal one (in
//! containers).

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
    /// All of them, in the order in which tenants are created.
    pub const ALL: [Self; 4] = [Self::Idp, Self::Hub, Self::Resource, Self::Flow];

    /// Its name in journals and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Idp => "idp",
            Self::Hub => "hub",
            Self::Resource => "resource",
            Self::Flow => "flow",
        }
    }

    /// Whether it does work at instants of its own.
    #[must_use]
    pub const fn has_schedule(self) -> bool {
        matches!(self, Self::Idp | Self::Flow)
    }

    /// Its place in [`Service::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl std::fmt::Display for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// One service's two origins, without a trailing slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// As the lab and the other services reach it.
    pub server: String,
    /// As browsers and clients outside reach it.
    pub public: String,
}

impl Origin {
    /// The same origin inside and outside.
    #[must_use]
    pub fn same(origin: &str) -> Self {
        Self::split(origin, origin)
    }

    /// Different origins inside and outside.
    #[must_use]
    pub fn split(server: &str, public: &str) -> Self {
        let plain = |origin: &str| origin.trim_end_matches('/').to_owned();
        Self { server: plain(server), public: plain(public) }
    }
}

/// All four services' origins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origins {
    /// The identity provider's.
    pub idp: Origin,
    /// The identity provider's by https, as clients outside reach it, where it is served.
    pub idp_tls: Option<String>,
    /// The hub's.
    pub hub: Origin,
    /// The resource's.
    pub resource: Origin,
    /// The flow service's.
    pub flow: Origin,
}

impl Origins {
    /// One service's.
    #[must_use]
    pub const fn of(&self, service: Service) -> &Origin {
        match service {
            Service::Idp => &self.idp,
            Service::Hub => &self.hub,
            Service::Resource => &self.resource,
            Service::Flow => &self.flow,
        }
    }
}
