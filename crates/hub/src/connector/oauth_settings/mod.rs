//! The `oAuthSettings` of a connection parameter: how tokens are requested.
//!
//! | file | contents |
//! |---|---|
//! | `parse.rs` | reads the settings and reports every mistake with its path |
//! | `values.rs` | values of a connection's parameters, which replace settings (`token:clientId`) |
//! | `sign_in.rs` | settings and values together: what a sign-in needs, and what is missing |
//! | `requests.rs` | the authorization URL and the token requests |
//! | `template.rs` | expands the templates of `oauth2generic` |
//!
//! All of it is pure; URLs are those of the file. [`HubConfig`](crate::HubConfig) maps them to the
//! addresses at which this installation reaches them.

mod parse;
mod requests;
mod sign_in;
mod template;
mod values;

pub(crate) use requests::{
    AuthorizationRequest, ClientAuthentication, GrantRequest, TokenBody, TokenRequest,
};
pub(crate) use sign_in::{GrantType, Incomplete, SignIn};
pub(crate) use values::ParameterValues;

use std::collections::BTreeMap;

use outlive_tokens::Secret;
use serde_json::Value;

use super::fault::ConnectorFault;
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
    client_id: Option<String>,
    scopes: Vec<String>,
    pub(crate) redirect_mode: RedirectMode,
    /// `redirectUrl` as written.
    pub(crate) redirect_url: Option<String>,
    /// Whether the connector is CAE-capable (`clientCapabilities` is `cp1`): it responds to claims
    /// challenges, and its tokens may be valid for a day.
    pub(crate) cae_capable: bool,
    /// Whether the hub may exchange a user's own token (`enableOnbehalfOfLogin`).
    pub(crate) on_behalf_of: bool,
    /// The values of `customParameters`, then of `additionalParameters`, by lower-case name.
    parameters: BTreeMap<String, String>,
}

/// Both spellings occur.
const SPELLINGS: [&str; 2] = ["oAuthSettings", "oauthSettings"];

impl OAuthSettings {
    /// Parses the settings of the parameter at `at`. Returns the first mistake only; [`read`]
    /// (Self::read) returns all.
    pub(crate) fn parse(parameter: &Value, at: &str) -> Result<Self, ConnectorFault> {
        let mut faults = Vec::new();
        let settings = Self::read(parameter, at, &mut faults);
        match (settings, faults.into_iter().next()) {
            (Some(settings), None) => Ok(settings),
            (_, Some(fault)) => Err(fault),
            (None, None) => Err(ConnectorFault::new(at, "its oAuthSettings are not valid")),
        }
    }

    /// Parses the settings of the parameter at `at` and adds every mistake to `faults`. Returns
    /// `None` if there is one.
    pub(super) fn read(parameter: &Value, at: &str, faults: &mut Vec<ConnectorFault>) -> Option<Self> {
        parse::read(parameter, at, faults)
    }

    /// The `claims` parameter of every request to the issuer.
    pub(crate) fn claims(&self) -> Option<&'static str> {
        self.cae_capable.then_some(CAE_CAPABLE)
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
            (ProviderKind::Urls, "oauth2" | "oauth2generic") => "Generic Oauth 2",
            (ProviderKind::Urls, named) => named,
        }
    }

    /// Returns a custom parameter by its name, in any case.
    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(&name.to_ascii_lowercase()).map(String::as_str)
    }
}

/// Whether a sign-in of the document authenticates the application with a certificate.
pub(crate) fn takes_certificate(document: &Value) -> bool {
    let properties = document.get("properties").unwrap_or(document);
    let single = properties.get("connectionParameters");
    let sets = properties.pointer("/connectionParameterSets/values").and_then(Value::as_array);
    let sets = sets.into_iter().flatten().filter_map(|set| set.get("parameters"));
    single.into_iter().chain(sets).filter_map(Value::as_object).any(|parameters| {
        parameters.values().any(|parameter| {
            SPELLINGS.iter().any(|spelling| {
                let provider = parameter.get(spelling).and_then(|settings| settings.get("identityProvider"));
                provider
                    .and_then(Value::as_str)
                    .is_some_and(|name| name.eq_ignore_ascii_case("aadcertificate"))
            })
        })
    })
}

/// Removes all client secrets from an `apiProperties` document and returns the first: they are
/// write-only.
pub(super) fn take_client_secret(document: &mut Value) -> Option<Secret> {
    let properties =
        if document.get("properties").is_some() { document.get_mut("properties")? } else { document };
    let mut found = None;
    if let Some(parameters) = properties.get_mut("connectionParameters") {
        take_from(parameters, &mut found);
    }
    let sets = properties.pointer_mut("/connectionParameterSets/values").and_then(Value::as_array_mut);
    for set in sets.into_iter().flatten() {
        if let Some(parameters) = set.get_mut("parameters") {
            take_from(parameters, &mut found);
        }
    }
    found
}

fn take_from(parameters: &mut Value, found: &mut Option<Secret>) {
    for parameter in parameters.as_object_mut().into_iter().flat_map(|parameters| parameters.values_mut()) {
        for spelling in SPELLINGS {
            let settings = parameter.get_mut(spelling).and_then(Value::as_object_mut);
            if let Some(Value::String(secret)) = settings.and_then(|settings| settings.remove("clientSecret"))
            {
                found.get_or_insert(Secret::new(secret));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn connectors_of_aadcertificate_take_one() {
        let parameters = |provider: &str| json!({"token": {"oAuthSettings": {"identityProvider": provider}}});
        for (document, takes) in [
            (json!({"properties": {"connectionParameters": parameters("aadcertificate")}}), true),
            (json!({"connectionParameters": parameters("AadCertificate")}), true),
            (json!({"properties": {"connectionParameters": parameters("aad")}}), false),
            (
                json!({"properties": {"connectionParameterSets": {"values": [
                    {"parameters": parameters("aad")}, {"parameters": parameters("aadcertificate")},
                ]}}}),
                true,
            ),
            (json!([]), false),
        ] {
            assert_eq!(takes_certificate(&document), takes, "{document}");
        }
    }

    #[test]
    fn secrets_are_removed_from_the_document() {
        for spelling in SPELLINGS {
            let parameters =
                || json!({"token": {"type": "oauthSetting", spelling: {"clientSecret": "s3cret"}}});
            for mut document in [
                json!({"properties": {"connectionParameters": parameters()}}),
                json!({"connectionParameters": parameters()}),
                json!({"properties": {"connectionParameterSets": {"values": [
                    {"parameters": {}}, {"parameters": parameters()}, {"parameters": parameters()},
                ]}}}),
            ] {
                assert_eq!(take_client_secret(&mut document), Some(Secret::new("s3cret")));
                assert!(!document.to_string().contains("s3cret"));
                assert_eq!(take_client_secret(&mut document), None);
            }
        }
        for mut other in [json!([1]), json!({"properties": 1}), json!({"connectionParameters": [1]})] {
            assert_eq!(take_client_secret(&mut other), None);
        }
    }
}
