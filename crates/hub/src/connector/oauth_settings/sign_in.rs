//! The settings of one connection's sign-in, and what is missing in them.

use outlive_tokens::Secret;

use super::known_providers::{self, Endpoint};
use super::parse::is_tenant;
use super::settings::{OAuthSettings, ProviderKind};
use super::template;
use super::values::ParameterValues;

/// The connector's settings do not suffice for a sign-in: what is missing or not usable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("The oAuthSettings of the connector do not suffice for a sign-in: {}.", .0.join("; "))]
pub(crate) struct Incomplete(Vec<String>);

impl Incomplete {
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Self(vec![why.into()])
    }
}

/// How the connections of a connector get their tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GrantType {
    /// A user signs in.
    Code,
    /// The application's own credentials; no user and no refresh token.
    ClientCredentials,
}

/// The connector's settings with the values of a connection, complete.
#[derive(Debug, Clone)]
pub(crate) struct SignIn<'a> {
    pub(super) settings: &'a OAuthSettings,
    values: &'a ParameterValues,
    pub(super) client_id: String,
    secret: Option<Secret>,
}

impl OAuthSettings {
    /// Returns how connections with these values get their tokens.
    pub(crate) fn grant_type(&self, values: &ParameterValues) -> GrantType {
        match values.of_setting("grantType").or_else(|| self.parameter("grantType")) {
            Some(grant) if grant.eq_ignore_ascii_case("client_credentials") => GrantType::ClientCredentials,
            _ => GrantType::Code,
        }
    }

    /// Returns the settings of a connection with these values, or everything that is missing.
    /// `secret` is the client secret of the connector; a connection can have its own.
    pub(crate) fn sign_in<'a>(
        &'a self,
        values: &'a ParameterValues,
        secret: Option<&Secret>,
    ) -> Result<SignIn<'a>, Incomplete> {
        let client_id = values.of_setting("clientId").or(self.client_id.as_deref());
        let secret = values.of_setting("clientSecret").map(Secret::new).or_else(|| secret.cloned());
        let sign_in =
            SignIn { settings: self, values, client_id: client_id.unwrap_or_default().to_owned(), secret };
        let mut missing = Vec::new();
        if client_id.is_none() {
            missing.push("clientId is missing".to_owned());
        }
        let interactive = self.grant_type(values) == GrantType::Code;
        for (endpoint, needed) in [
            (Endpoint::Authorization, interactive),
            (Endpoint::Token, true),
            (Endpoint::Refresh, interactive),
        ] {
            if needed && let Err(Incomplete(more)) = sign_in.template(endpoint) {
                missing.extend(more);
            }
        }
        missing.dedup();
        if missing.is_empty() { Ok(sign_in) } else { Err(Incomplete(missing)) }
    }
}

impl<'a> SignIn<'a> {
    /// The client secret, if the application has one.
    pub(super) fn secret(&self) -> Option<&Secret> {
        self.secret.as_ref()
    }

    /// Whether there is nothing with which the application could authenticate itself.
    pub(crate) fn lacks_credential(&self) -> bool {
        self.settings.kind != ProviderKind::AadCertificate
            && self.secret().is_none()
            && self.secret_values().next().is_none()
    }

    /// Returns everything of the connector and the connection that must not be shown.
    pub(crate) fn secrets(&self) -> Vec<Secret> {
        self.secret().cloned().into_iter().chain(self.secret_values().cloned()).collect()
    }

    /// Whether a placeholder stands for a secret of the connection.
    pub(super) fn is_sealed(&self, name: &str) -> bool {
        self.values.is_sealed(name)
    }

    /// The values of the connection that must not be shown.
    pub(super) fn secret_values(&self) -> impl Iterator<Item = &'a Secret> {
        self.values.secrets()
    }

    /// Returns a setting: that of the connection, or else of the connector.
    pub(super) fn setting(&self, name: &str) -> Option<&'a str> {
        self.values.of_setting(name).or_else(|| self.settings.parameter(name))
    }

    /// Returns the value of a placeholder that is not one of the protocol: a parameter of the
    /// connection or a custom parameter.
    pub(super) fn placeholder(&self, name: &str) -> Option<&'a str> {
        self.values.of_placeholder(name).or_else(|| self.settings.parameter(name))
    }

    /// The scopes as one text.
    pub(super) fn scopes(&self) -> String {
        let delimiter = self.settings.parameter("scopeListDelimiter").unwrap_or(" ");
        self.settings.scopes.join(delimiter)
    }

    /// Returns the template of an endpoint's URL.
    pub(super) fn template(&self, endpoint: Endpoint) -> Result<String, Incomplete> {
        match self.settings.kind {
            ProviderKind::Aad | ProviderKind::AadCertificate => self.aad_url(endpoint),
            ProviderKind::Urls => self.url_setting(endpoint),
        }
    }

    fn aad_url(&self, endpoint: Endpoint) -> Result<String, Incomplete> {
        let login = self.setting("loginUri").or_else(|| self.setting("loginUriAAD"));
        let login = login.unwrap_or("https://login.windows.net").trim().trim_end_matches('/');
        let tenant = self.setting("tenantId").unwrap_or("common");
        if !is_tenant(tenant) {
            return Err(Incomplete::new("tenantId is not a tenant id or domain"));
        }
        let name = if endpoint == Endpoint::Authorization { "authorize" } else { "token" };
        Ok(format!("{login}/{tenant}/oauth2/{name}"))
    }

    fn url_setting(&self, endpoint: Endpoint) -> Result<String, Incomplete> {
        let names: &[&str] = match endpoint {
            Endpoint::Authorization => &["authorizationUrl", "authorizationUrlTemplate"],
            Endpoint::Token => &["tokenUrl", "tokenUrlTemplate"],
            Endpoint::Refresh => &["refreshUrl", "refreshUrlTemplate", "tokenUrl", "tokenUrlTemplate"],
        };
        let found = names.iter().find_map(|name| Some((*name, self.setting(name)?)));
        if let (None, Some(url)) = (found, known_providers::url(&self.settings.identity_provider, endpoint)) {
            return Ok(url.to_owned());
        }
        let declared = match endpoint {
            Endpoint::Authorization => ("authorizationUrl", &self.settings.declared.authorization),
            Endpoint::Token | Endpoint::Refresh => ("tokenUrl", &self.settings.declared.token),
        };
        let declared = declared.1.as_deref().map(|url| (declared.0, url));
        let Some((name, url)) = found.or(declared) else {
            // Both spellings end in the same way; the message has that of the provider.
            let suffix = if self.settings.identity_provider == "oauth2generic" { "Template" } else { "" };
            let name = match endpoint {
                Endpoint::Authorization => "authorizationUrl",
                Endpoint::Token | Endpoint::Refresh => "tokenUrl",
            };
            return Err(Incomplete::new(format!("customParameters.{name}{suffix} is missing")));
        };
        match template::expand_url(url, &|name| self.protocol_or_fixed(name)) {
            Ok(_) => Ok(url.to_owned()),
            Err(why) => Err(Incomplete::new(format!("{name}: {why}"))),
        }
    }

    /// Stands in for the values of the protocol, which only a request has.
    pub(super) fn protocol_or_fixed(&self, name: &str) -> Option<String> {
        const REQUEST: [&str; 6] =
            ["redirecturl", "state", "code", "refreshtoken", "codechallenge", "codeverifier"];
        if REQUEST.contains(&name.to_ascii_lowercase().as_str()) {
            return Some("x".to_owned());
        }
        self.fixed(name)
    }

    /// Returns the value of a placeholder that does not depend on the request.
    pub(super) fn fixed(&self, name: &str) -> Option<String> {
        match name.to_ascii_lowercase().as_str() {
            "clientid" => Some(self.client_id.clone()),
            "clientsecret" => self.secret().map(|secret| secret.expose().to_owned()),
            "scopes" | "scope" => Some(self.scopes()),
            _ => self.placeholder(name).map(str::to_owned),
        }
    }
}
