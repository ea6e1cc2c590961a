//! Configuration of the hub.

use outlive_chassis::Problem;
use outlive_clock::TenantId;
use url::Url;

use crate::BackEnds;
use crate::connector::OAuthSettings;

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

    /// Returns the token endpoint (version 1) of a connector's issuer, as this process reaches it.
    pub(crate) fn token_endpoint(
        &self,
        settings: &OAuthSettings,
        tenant: TenantId,
    ) -> Result<String, Problem> {
        self.endpoint(&self.idp_url, settings, tenant, "token").map(String::from)
    }

    /// Returns the authorize endpoint (version 1) of a connector's issuer, as browsers reach it.
    pub(crate) fn authorize_endpoint(
        &self,
        settings: &OAuthSettings,
        tenant: TenantId,
    ) -> Result<Url, Problem> {
        self.endpoint(&self.idp_public_url, settings, tenant, "authorize")
    }

    /// `common` stands for the connection's own tenant.
    fn endpoint(
        &self,
        issuer: &Url,
        settings: &OAuthSettings,
        tenant: TenantId,
        name: &str,
    ) -> Result<Url, Problem> {
        let login = &settings.login_uri;
        let known = login.host_str().is_some_and(|host| self.login_hosts.iter().any(|known| known == host))
            || [&self.idp_url, &self.idp_public_url].into_iter().any(|own| own.origin() == login.origin());
        if !known {
            return Err(Problem::bad_request(format!(
                "The connector's loginUri {login} is not a known issuer; use https://login.windows.net or \
                 https://login.microsoftonline.com."
            )));
        }
        let tenant = match settings.tenant_id.as_str() {
            "common" => tenant.to_string(),
            named => named.to_owned(),
        };
        let mut url = issuer.clone();
        url.set_path(&format!("{}/{tenant}/oauth2/{name}", issuer.path().trim_end_matches('/')));
        url.set_query(None);
        Ok(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::RedirectMode;

    fn settings(login: &str, tenant: &str) -> OAuthSettings {
        OAuthSettings {
            identity_provider: "aad",
            client_id: "c".into(),
            scopes: vec![],
            redirect_mode: RedirectMode::Global,
            login_uri: login.parse().expect("a URL"),
            resource_uri: "api://x".into(),
            tenant_id: tenant.into(),
            cae_capable: false,
        }
    }

    #[test]
    fn only_documented_hosts_stand_for_the_issuer() {
        let url = |text: &str| text.parse::<Url>().expect("a URL");
        let config =
            HubConfig::new(url("http://idp:8701"), url("http://127.0.0.1:8701"), vec![], url("http://r:1"));
        let tenant: TenantId = "11111111-2222-3333-4444-555555555555".parse().expect("an id");
        for login in
            ["https://login.windows.net", "https://login.microsoftonline.com/", "http://127.0.0.1:8701"]
        {
            let of = settings(login, "common");
            assert_eq!(
                config.token_endpoint(&of, tenant).ok(),
                Some(format!("http://idp:8701/{tenant}/oauth2/token"))
            );
            assert_eq!(
                config.authorize_endpoint(&of, tenant).ok().map(String::from),
                Some(format!("http://127.0.0.1:8701/{tenant}/oauth2/authorize"))
            );
        }
        let named = settings("https://login.windows.net", "contoso.example");
        assert_eq!(
            config.token_endpoint(&named, tenant).ok(),
            Some("http://idp:8701/contoso.example/oauth2/token".to_owned())
        );
        for login in
            ["https://evil.example", "http://127.0.0.1:8702", "https://login.windows.net.evil.example"]
        {
            assert!(config.token_endpoint(&settings(login, "common"), tenant).is_err(), "{login}");
        }
    }
}
