//! Connectors: an API (a swagger) and how a connection to it signs in (an `apiProperties.json`).
//!
//! Parsing is pure. A connector is registered only if both documents are valid; of a stored one
//! that is not valid any more, the mistakes are known.

mod api_properties;
mod client_secret;
mod declared_urls;
mod destinations;
mod document;
mod draft;
mod fault;
mod name;
mod oauth_settings;
mod parameter;
mod parameter_sets;
mod parsed;
mod policy;
mod policy_value;
mod secret_defaults;
mod secret_rules;
mod security;
pub(crate) mod storage;
mod swagger;
mod test_operation;
mod written_defaults;

pub(crate) use api_properties::ApiProperties;
pub(crate) use client_secret::{Replacement, secret_fault};
pub(crate) use declared_urls::DeclaredUrls;
pub(crate) use destinations::Destinations;
pub(crate) use document::{api_reference, custom_api, is_redirect_of_hub, managed_api, redirect_uri};
pub(crate) use draft::{Draft, client_secret_fault, connector_faults};
pub(crate) use fault::{ConnectorFault, Faults};
pub(crate) use name::{ConnectorName, DISPLAY_NAME_RULE, is_display_name};
pub(crate) use oauth_settings::{
    AuthorizationRequest, ClientAuthentication, GrantRequest, GrantType, Incomplete, JWT_BEARER,
    OAuthSettings, ParameterValues, ProviderKind, RedirectMode, SignIn, TokenBody, TokenRequest,
    takes_certificate,
};
pub(crate) use parameter::{Authentication, Parameter, ParameterKind, text_of};
pub(crate) use parameter_sets::ALTERNATIVE;
pub(crate) use parsed::{Connector, Home};
pub(crate) use policy::{Action, Exists, Policy, Section, Target, Transform, ValueFromUrl};
pub(crate) use policy_value::{Part, PolicyValue, Source, Uncomputable};
pub(crate) use secret_defaults::keep_secret_defaults;
pub(crate) use security::{KeyPlace, StaticCredential, is_reserved, static_credentials};
pub(crate) use swagger::{Operation, Swagger};
