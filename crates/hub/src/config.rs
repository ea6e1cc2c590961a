//! Configuration of the hub.

use outlive_chassis::Problem;
use outlive_clock::TenantId;
use url::Url;

use crate::BackEnds;
use crate::path::{decodings, has_traversal, is_of_lab_surface};

/// The addresses of issuer and back ends. Plain values: other crates read the command line and the
/// environment.
#[derive(Debug, Clone)]
pub struct HubConfig {
    /// The issuer's origin as this process reaches it, for the token endpoint and the published
    /// keys.
    pub idp_url: Url,
    /// The issuer's origin as browsers reach it, for the authorize endpoint.
    pub idp_public_url: Url,
    /// The origins that the issuer of a caller token may have.
    pub issuer_origins: Vec<String>,
    /// The values of `loginUri` that stand for this issuer, besides its own origins.
    pub login_hosts: Vec<String>,
    /// The addresses of the hosts that connectors name.
    pub back_ends: BackEnds,
    /// Origins to which a consent may return, besides loopback addresses.
    pub return_origins: Vec<String>,
}

impl HubConfig {
    /// The default configuration: one issuer, for which `login.windows.net` and
    /// `login.microsoftonline.com` stand, and the orders API.
    #[must_use]
    pub fn new(idp_url: Url, idp_public_url: Url, issuer_origins: Vec<String>, resource_url: Url) -> Self {
        Self {
            idp_url,
            idp_public_url,
            issuer_origins,
            login_hosts: vec!["login.windows.net".into(), "login.microsoftonline.com".into()],
            back_ends: BackEnds::new([("orders.contoso.example".into(), resource_url)]),
            return_origins: Vec::new(),
        }
    }

    /// Returns the address at which this process reaches an identity provider's endpoint that a
    /// connector names.
    pub(crate) fn token_endpoint(&self, named: &Url, tenant: TenantId) -> Result<Url, Problem> {
        self.reach(named, &self.idp_url, tenant)
    }

    /// Returns the address at which browsers reach an identity provider's endpoint that a connector
    /// names.
    pub(crate) fn authorize_endpoint(&self, named: &Url, tenant: TenantId) -> Result<Url, Problem> {
        self.reach(named, &self.idp_public_url, tenant)
    }

    /// Whether an endpoint is one of this installation's issuer.
    pub(crate) fn is_own_issuer(&self, named: &Url) -> bool {
        let listed = |host: &str| self.login_hosts.iter().any(|known| known == host);
        (named.port().is_none() && named.host_str().is_some_and(listed))
            || [&self.idp_url, &self.idp_public_url].into_iter().any(|own| own.origin() == named.origin())
    }

    /// Replaces scheme and host by those at which the endpoint is reached: `issuer` for this
    /// installation's issuer, and otherwise those of the host as a back end. `common` stands for
    /// the connection's own tenant.
    fn reach(&self, named: &Url, issuer: &Url, tenant: TenantId) -> Result<Url, Problem> {
        let mut readings = decodings(named.path());
        if readings.any(|reading| has_traversal(&reading) || is_of_lab_surface(&reading)) {
            return Err(Problem::bad_request(format!("{named} is not an endpoint of an identity provider.")));
        }
        if !self.is_own_issuer(named) {
            return self.back_ends.address(named).map_err(|unreachable| {
                Problem::bad_request(format!(
                    "The connector's identity provider is not that of this installation ({}). {unreachable}",
                    self.login_hosts.join(", ")
                ))
            });
        }
        let mut url = issuer.clone();
        let path = with_tenant(named.path(), tenant);
        url.set_path(&format!("{}{path}", issuer.path().trim_end_matches('/')));
        url.set_query(named.query());
        Ok(url)
    }
}

/// Replaces `common` and `organizations` in the path of an endpoint.
fn with_tenant(path: &str, tenant: TenantId) -> String {
    let rest = path.strip_prefix('/').unwrap_or(path);
    match rest.split_once('/') {
        Some((alias, rest))
            if alias.eq_ignore_ascii_case("common") || alias.eq_ignore_ascii_case("organizations") =>
        {
            format!("/{tenant}/{rest}")
        }
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().expect("a URL")
    }

    fn config() -> HubConfig {
        let mut config = HubConfig::new(
            url("http://idp:8701/up"),
            url("http://127.0.0.1:8701"),
            vec![],
            url("http://r:1"),
        );
        let mappings = [
            "id.partner.example:443=http://127.0.0.1:9000/base/",
            "id.partner.example:8443=http://127.0.0.1:9001",
        ];
        config.back_ends =
            BackEnds::new([]).with_mappings(mappings.map(|mapping| mapping.parse().expect("a mapping")));
        config
    }

    #[test]
    fn endpoints_are_reached_at_the_issuer_or_at_back_ends() {
        let tenant: TenantId = "11111111-2222-3333-4444-555555555555".parse().expect("an id");
        for (named, here, browser) in [
            (
                "https://login.windows.net/common/oauth2/token",
                "http://idp:8701/up/T/oauth2/token",
                "http://127.0.0.1:8701/T/oauth2/token",
            ),
            (
                "https://login.microsoftonline.com/organizations/oauth2/v2.0/token?a=b",
                "http://idp:8701/up/T/oauth2/v2.0/token?a=b",
                "http://127.0.0.1:8701/T/oauth2/v2.0/token?a=b",
            ),
            (
                "https://login.windows.net/contoso.example/oauth2/token",
                "http://idp:8701/up/contoso.example/oauth2/token",
                "http://127.0.0.1:8701/contoso.example/oauth2/token",
            ),
            (
                "http://127.0.0.1:8701/common/oauth2/authorize",
                "http://idp:8701/up/T/oauth2/authorize",
                "http://127.0.0.1:8701/T/oauth2/authorize",
            ),
            (
                "https://id.partner.example/common/token?a",
                "http://127.0.0.1:9000/base/common/token?a",
                "http://127.0.0.1:9000/base/common/token?a",
            ),
            (
                "https://id.partner.example:8443/token",
                "http://127.0.0.1:9001/token",
                "http://127.0.0.1:9001/token",
            ),
        ] {
            let expected = |text: &str| Some(text.replace("/T/", &format!("/{tenant}/")));
            assert_eq!(config().token_endpoint(&url(named), tenant).ok().map(String::from), expected(here));
            assert_eq!(
                config().authorize_endpoint(&url(named), tenant).ok().map(String::from),
                expected(browser)
            );
        }
    }

    #[test]
    fn other_hosts_and_the_lab_surface_are_not_reached() {
        let tenant: TenantId = "11111111-2222-3333-4444-555555555555".parse().expect("an id");
        for named in [
            "https://evil.example/token",
            "http://127.0.0.1:8702/token",
            "https://login.windows.net.evil.example/common/oauth2/token",
            "https://login.windows.net:8443/common/oauth2/token",
            "https://login.windows.net/_lab/tenants",
            "https://login.windows.net//%5flab/tenants",
            "https://login.windows.net/a%2f..%2f_lab",
            "https://id.partner.example/%255Flab/clock",
            "https://id.partner.example:1/token",
        ] {
            let refused = config().token_endpoint(&url(named), tenant);
            assert!(refused.is_err_and(|problem| problem.status == http::StatusCode::BAD_REQUEST), "{named}");
            assert!(config().authorize_endpoint(&url(named), tenant).is_err(), "{named}");
        }
    }
}
