//! Policies, as read.

use http::HeaderName;

use super::transform::Transform;
use super::value_url::ValueFromUrl;
use crate::connector::policy_value::PolicyValue;

/// A policy, for all operations or some.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Policy {
    /// Its place in the document.
    pub(crate) at: String,
    /// The ids of the operations that it applies to; `None` if to all.
    pub(super) operations: Option<Vec<String>>,
    pub(crate) section: Section,
    pub(crate) action: Action,
}

impl Policy {
    /// Whether the policy applies to an operation.
    pub(crate) fn applies_to(&self, operation: &str) -> bool {
        self.operations.as_ref().is_none_or(|list| list.iter().any(|name| name == operation))
    }
}

/// What a policy changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Request,
    Response,
    /// For errors of the gateway itself, which no policy changes here.
    Failure,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Action {
    /// Replaces scheme, host and base path.
    Host(PolicyValue),
    /// Replaces the path after the base path, and the method.
    Route {
        path: PolicyValue,
        method: PolicyValue,
    },
    Header {
        name: HeaderName,
        value: PolicyValue,
        exists: Exists,
    },
    Query {
        name: String,
        value: PolicyValue,
        exists: Exists,
    },
    /// Sets a member of a JSON body.
    Property {
        parent: Vec<String>,
        name: Vec<String>,
        value: PolicyValue,
    },
    /// Converts a member of a JSON body into another one.
    Transform {
        parent: Vec<String>,
        name: Vec<String>,
        target: Vec<String>,
        transform: Transform,
    },
    /// Sets a header or query parameter to a value of another request.
    ValueFromUrl(Box<ValueFromUrl>),
    /// Lets a link to the next page of a JSON response lead through the hub.
    NextLink {
        parent: Vec<String>,
        name: String,
    },
    /// Sets the status of the connection when the back end responds with this one.
    Unauthenticate {
        status: u16,
    },
    /// Has no effect on a single call.
    Nothing,
    /// Has an effect that the hub does not give; the text is the reason.
    Unsupported(String),
}

/// What happens to a header or parameter that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exists {
    Override,
    Skip,
    Append,
    Delete,
}
