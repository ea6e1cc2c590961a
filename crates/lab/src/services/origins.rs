//! The origins of the services. The public origin of a service can differ from its internal one (in
//! containers).

use outlive_wire::lab_api::{Service, Urls};

/// The two origins of a service, without a trailing slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The internal origin, for the lab and the other services.
    pub server: String,
    /// The public origin, for browsers and clients.
    pub public: String,
}

impl Origin {
    /// Returns the same internal and public origin.
    pub fn same(origin: &str) -> Self {
        Self::split(origin, origin)
    }

    /// Returns different internal and public origins.
    pub fn split(server: &str, public: &str) -> Self {
        let plain = |origin: &str| origin.trim_end_matches('/').to_owned();
        Self { server: plain(server), public: plain(public) }
    }
}

/// The origins of all services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origins {
    /// The identity provider's.
    pub idp: Origin,
    /// The public https origin of the identity provider, if enabled.
    pub idp_tls: Option<String>,
    /// The hub's.
    pub hub: Origin,
    pub resource: Origin,
    /// The public https origin of the resource, if enabled.
    pub resource_tls: Option<String>,
    /// The flow service's.
    pub flow: Origin,
}

impl Origins {
    pub const fn of(&self, service: Service) -> &Origin {
        match service {
            Service::Idp => &self.idp,
            Service::Hub => &self.hub,
            Service::Resource => &self.resource,
            Service::Flow => &self.flow,
        }
    }

    /// Returns the public URLs, as the lab API returns them.
    pub fn urls(&self) -> Urls {
        Urls {
            idp: self.idp.public.clone(),
            idp_tls: self.idp_tls.clone(),
            graph: format!("{}/v1.0", self.idp.public),
            hub: self.hub.public.clone(),
            resource: self.resource.public.clone(),
            resource_tls: self.resource_tls.clone(),
            flow: self.flow.public.clone(),
        }
    }
}
