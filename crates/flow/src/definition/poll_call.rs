//! The call by which a trigger looks for events, or a webhook subscribes.

use super::connector_call::{ApiCall, ConnectorCall};
use super::http_call::HttpCall;
use crate::expression::Template;

/// A call through a connection, or to a host.
#[derive(Clone, Debug)]
pub(crate) enum PollCall {
    Operation(ConnectorCall),
    Request(ApiCall),
    Http(HttpCall),
}

impl PollCall {
    pub(super) fn templates(&self) -> Vec<&Template> {
        match self {
            Self::Operation(call) => call.parameters.iter().map(|(_, template)| template).collect(),
            Self::Request(call) => call.templates(),
            Self::Http(call) => call.templates(),
        }
    }
}
