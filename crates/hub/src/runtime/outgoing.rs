//! A call on its way to the back end: what it is made of, and what it becomes.

use std::collections::HashMap;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use url::Url;

use super::query::Query;
use super::refusal::RuntimeRefusal;
use crate::connection::Values;
use crate::connector::{Connector, Operation, Source, Swagger};

/// The maximum length of the value of a header, a parameter, a URL or a path that a policy makes.
pub(super) const TEXT_BYTES_MAX: usize = 16_384;

/// A call as received.
#[derive(Debug)]
pub(crate) struct OutgoingRequest {
    pub(crate) method: Method,
    /// The path after the connection id, percent-encoded as received.
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// The back end of a call, before its address is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Destination {
    /// `https` or `http`.
    pub(super) scheme: String,
    /// The host with its port, lower-case.
    pub(super) host: String,
    /// Scheme and host, if they have been parsed.
    pub(super) origin: Option<Url>,
    /// Empty, or `/…` without a trailing slash.
    pub(super) base_path: String,
    /// Whether the host may be in an error message: no secret is part of it.
    pub(super) is_public: bool,
}

impl Destination {
    pub(super) fn of_swagger(swagger: &Swagger) -> Self {
        Self {
            scheme: swagger.scheme.to_owned(),
            host: swagger.host.clone(),
            origin: swagger.origin.clone(),
            base_path: swagger.base_path.clone(),
            is_public: true,
        }
    }
}

/// A call as it is sent.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) method: Method,
    pub(super) destination: Destination,
    /// The path after the base path.
    pub(super) path: String,
    pub(super) query: Query,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// What a call is prepared from.
#[derive(Clone, Copy)]
pub(super) struct Facts<'a> {
    pub(super) connector: &'a Connector,
    pub(super) operation: &'a Operation,
    pub(super) values: &'a Values,
    pub(super) outgoing: &'a OutgoingRequest,
    /// The values of other requests that policies need, by the place of the policy.
    pub(super) fetched: &'a Fetched,
}

/// Values of other requests, by the place of the policy that needs them.
pub(super) type Fetched = HashMap<String, String>;

/// What is next for a call.
#[derive(Debug)]
pub(super) enum Step {
    /// It is complete.
    Send(Prepared),
    /// A policy needs a value from another request.
    Fetch(Fetch),
}

/// Another request that a policy needs.
#[derive(Debug)]
pub(super) struct Fetch {
    /// The place of the policy.
    pub(super) at: String,
    pub(super) request: Prepared,
    /// The member of the response that is the value.
    pub(super) path: Vec<String>,
}

impl Facts<'_> {
    /// Whether a source is a secret of the connection, or may contain one.
    pub(super) fn is_secret(&self, source: &Source) -> bool {
        match source {
            Source::ConnectionParameter(name) => {
                let parameters = &self.connector.properties.parameters;
                parameters
                    .iter()
                    .any(|parameter| parameter.name.eq_ignore_ascii_case(name) && parameter.is_secret())
            }
            // The source token or a key is among them.
            Source::Header(_) | Source::Query(_) | Source::Body(_) => true,
            Source::Method => false,
        }
    }
}

/// Returns the value of a header, or `None` if it contains control characters.
pub(super) fn header_value(text: &str) -> Option<HeaderValue> {
    HeaderValue::from_bytes(text.as_bytes()).ok()
}

/// Marks a value so that `Debug` does not show it.
pub(super) fn sensitive(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}

/// The error of a value that cannot be in a header, without the value.
pub(super) fn bad_header(name: &HeaderName) -> RuntimeRefusal {
    RuntimeRefusal::new(
        StatusCode::BAD_REQUEST,
        format!("The value for the header '{name}' contains characters that are not valid in a header."),
    )
}
