//! Connectors: an API (a swagger) and how a connection to it signs in (an `apiProperties.json`).
//!
//! Parsing is pure. A [`Connector`] exists only if both documents are valid.

mod api_properties;
mod client_secret;
mod document;
mod draft;
mod fault;
mod name;
mod oauth_settings;
mod parsed;
pub(crate) mod storage;
mod swagger;

pub(crate) use api_properties::{ApiProperties, Authentication};
pub(crate) use client_secret::{Replacement, secret_fault};
pub(crate) use document::{api_reference, custom_api, managed_api, redirect_path};
pub(crate) use draft::{Draft, connector_faults};
pub(crate) use fault::ConnectorFault;
pub(crate) use name::{ConnectorName, DISPLAY_NAME_RULE, is_display_name};
pub(crate) use oauth_settings::{OAuthSettings, RedirectMode};
pub(crate) use parsed::{Connector, Home};
pub(crate) use swagger::Swagger;
