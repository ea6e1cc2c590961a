//! The parsed settings.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::known_providers::{self, Endpoint};
use crate::connector::DeclaredUrls;
use crate::credential::CAE_CAPABLE;

/// The redirect URI that is registered on the connector's application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RedirectMode {
    /// The URI that all connectors share.
    Global,
    /// A URI per connector.
    GlobalPerConnector,
    /// The URI of the file (`redirectUrl`).
    Direct,
}

/// What an identity provider expects in its requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProviderKind {
    /// `aad`: the version 1 endpoints of `loginUri`, which take a `resource`.
    Aad,
    /// `aadcertificate`: the same endpoints, with a certificate instead of a client secret.
    AadCertificate,
    /// `oauth2`, `oauth2generic` and named providers: the URLs and templates of the file.
    Urls,
}

/// Settings of an identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OAuthSettings {
    /// The name in status messages: `aad`, `oauth2`, or as written for a named provider.
    pub(crate) identity_provider: String,
    pub(crate) kind: ProviderKind,
    pub(super) client_id: Option<String>,
    pub(super) scopes: Vec<String>,
    pub(crate) redirect_mode: RedirectMode,
    /// `redirectUrl` as written.
    pub(crate) redirect_url: Option<String>,
    /// Whether the connector is CAE-capable (`clientCapabilities` is `cp1`): it responds to claims
    /// challenges, and its tokens may be valid for a day.
    pub(crate) cae_capable: bool,
    /// Whether the redirect URI is registered as one of a single-page application
    /// (`redirectUriType` is `spa`): its tokens are those of a page, and requests have an `Origin`.
    pub(crate) is_page: bool,
    /// Whether the hub exchanges the tokens of callers (`enableOnbehalfOfLogin`, unless
    /// `IsOnbehalfofLoginSupported` is false).
    pub(crate) on_behalf_of: bool,
    /// The values of `customParameters`, then of `additionalParameters`, by lower-case name.
    pub(super) parameters: BTreeMap<String, String>,
    /// The endpoints that the swagger declares, if the file names none.
    pub(super) declared: DeclaredUrls,
}

/// Custom parameters that are URLs or begin with one.
pub(super) const URLS: [&str; 6] = [
    "authorizationUrl",
    "tokenUrl",
    "refreshUrl",
    "authorizationUrlTemplate",
    "tokenUrlTemplate",
    "refreshUrlTemplate",
];

/// Both spellings occur.
pub(super) const SPELLINGS: [&str; 2] = ["oAuthSettings", "oauthSettings"];

impl OAuthSettings {
    /// The `claims` parameter of every request to the issuer.
    pub(crate) fn claims(&self) -> Option<&'static str> {
        self.cae_capable.then_some(CAE_CAPABLE)
    }

    /// Takes the endpoints that the swagger declares, if the file names none.
    pub(crate) fn take_urls(&mut self, declared: &DeclaredUrls) {
        let is_known = known_providers::url(&self.identity_provider, Endpoint::Token).is_some();
        let is_named = URLS.iter().any(|name| self.parameter(name).is_some());
        if self.kind == ProviderKind::Urls && !is_known && !is_named {
            self.declared = declared.clone();
        }
    }

    /// Whether the provider takes a code challenge from every client (`oauth2pkce`).
    pub(crate) fn requires_pkce(&self) -> bool {
        self.identity_provider.eq_ignore_ascii_case("oauth2pkce")
    }

    /// The App ID URI of the data source, exactly as registered, if the provider takes one.
    pub(crate) fn resource_uri(&self) -> Option<&str> {
        match self.kind {
            ProviderKind::Aad | ProviderKind::AadCertificate => self.parameter("resourceUri"),
            ProviderKind::Urls => None,
        }
    }

    /// The provider's name in messages about a sign-in.
    pub(crate) fn service_name(&self) -> &str {
        match (self.kind, self.identity_provider.as_str()) {
            (ProviderKind::Aad | ProviderKind::AadCertificate, _) => "Azure Active Directory",
            (ProviderKind::Urls, "oauth2" | "oauth2generic" | "oauth2pkce") => "Generic Oauth 2",
            (ProviderKind::Urls, named) => named,
        }
    }

    /// Returns the custom parameters.
    pub(crate) fn custom(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns what requests to the identity provider are made of: where they go, and for what.
    pub(crate) fn of_requests(&self) -> Value {
        let custom: Vec<_> = self.custom().collect();
        let provider = self.identity_provider.to_ascii_lowercase();
        if self.declared.is_empty() {
            return json!([provider, self.client_id, self.scopes, custom]);
        }
        json!([provider, self.client_id, self.scopes, custom, self.declared.of_requests()])
    }

    /// Returns a custom parameter by its name, in any case.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(&name.to_ascii_lowercase()).map(String::as_str)
    }
}
