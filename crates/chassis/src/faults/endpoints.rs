//! The endpoints that faults name, of every service: the service finds its requests by them, and a
//! scenario is checked against them before anything runs.

use outlive_wire::lab_api::Service;

use super::endpoint::Endpoint;

const IDP: &[Endpoint] = &[
    ("token", &["/*/oauth2/v2.0/token", "/*/oauth2/token"]),
    ("authorize", &["/*/oauth2/v2.0/authorize", "/*/oauth2/authorize"]),
    ("devicecode", &["/*/oauth2/v2.0/devicecode", "/*/oauth2/devicecode"]),
    ("keys", &["/*/discovery/v2.0/keys", "/*/discovery/keys"]),
    ("configuration", &["/*/v2.0/.well-known/openid-configuration", "/*/.well-known/openid-configuration"]),
    ("logout", &["/*/oauth2/v2.0/logout", "/*/oauth2/logout"]),
    ("identity", &["/*/identity/**"]),
    ("graph", &["/v1.0/**", "/beta/**"]),
    ("userinfo", &["/oidc/userinfo", "/*/openid/userinfo"]),
];

const HUB: &[Endpoint] = &[
    ("runtime", &["/apim/*/*", "/apim/*/*/**"]),
    ("control", &["/subscriptions/**"]),
    ("consent", &["/login", "/firstPartyLogin", "/redirect", "/redirect/*"]),
];

const RESOURCE: &[Endpoint] = &[
    ("orders", &["/orders", "/orders/*", "/*/orders", "/*/orders/*"]),
    ("security-events", &["/security-events"]),
];

const FLOW: &[Endpoint] = &[("management", &["/providers/**"]), ("trigger", &["/workflows/**"])];

/// Returns the endpoints that a service names.
#[must_use]
pub const fn endpoints_of(service: Service) -> &'static [Endpoint] {
    match service {
        Service::Idp => IDP,
        Service::Hub => HUB,
        Service::Resource => RESOURCE,
        Service::Flow => FLOW,
    }
}
