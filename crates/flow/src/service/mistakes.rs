//! Why a flow cannot be saved or turned on: all mistakes at once.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use outlive_chassis::Problem;
use outlive_clock::UserId;
use serde_json::json;

use crate::definition::{CallSite, DefinitionErrors};

/// The maximum number of mistakes in a response.
const REPORTED_MAX: usize = 100;

/// A mistake in a flow, with the path of the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    kind: MistakeKind,
    path: String,
    message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MistakeKind {
    Property,
    Definition,
    MissingConnection,
    ForbiddenConnection,
    ConnectionIdentity,
    UnknownOperation,
}

impl MistakeKind {
    const fn status(self) -> StatusCode {
        match self {
            Self::ForbiddenConnection => StatusCode::FORBIDDEN,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// The code of a response in which this mistake comes first.
    const fn code(self) -> &'static str {
        match self {
            Self::UnknownOperation => "InvalidOpenApiFlow",
            kind => kind.detailed_code(),
        }
    }

    const fn detailed_code(self) -> &'static str {
        match self {
            Self::Property => "BadRequest",
            Self::Definition => "InvalidTemplate",
            Self::MissingConnection => "InvalidConnection",
            Self::ForbiddenConnection => "ConnectionAuthorizationFailed",
            Self::ConnectionIdentity => "WorkflowManagedIdentityConfigurationInvalid",
            Self::UnknownOperation => "WorkflowOperationInputsApiOperationNotFound",
        }
    }
}

impl Mistake {
    /// A member of the flow's properties is not valid.
    pub(crate) fn property(path: &str, message: impl Into<String>) -> Self {
        Self { kind: MistakeKind::Property, path: path.to_owned(), message: message.into() }
    }

    /// Returns the place of the mistake in a list: members of the flow come first, then its
    /// definition, then what it refers to, in the order in which they were found.
    pub(super) const fn rank(&self) -> u8 {
        match self.kind {
            MistakeKind::Property => 0,
            MistakeKind::Definition => 1,
            _ => 2,
        }
    }

    /// The reference at `path` names a connection that does not exist.
    pub(super) fn missing_connection(path: &str, connection: &str) -> Self {
        let message = format!("The connection '{connection}' could not be found.");
        Self { kind: MistakeKind::MissingConnection, path: path.to_owned(), message }
    }

    /// The reference at `path` names another connection than before, which someone else shared.
    pub(super) fn other_connection(path: &str, connection: &str) -> Self {
        let message = format!(
            "The connection '{connection}' of this flow was deleted, and someone else has created another one with \
             its name. Save the flow without the reference first, if it is to use the other one."
        );
        Self { kind: MistakeKind::MissingConnection, path: path.to_owned(), message }
    }

    /// The reference at `path` names a connection that `maker` must not use.
    pub(super) fn forbidden_connection(path: &str, maker: UserId, connection: &str, api: &str) -> Self {
        let message = format!(
            "The caller with object id '{maker}' does not have the minimum required permission to perform the \
             requested operation on connection '{connection}' under API '{api}'."
        );
        Self { kind: MistakeKind::ForbiddenConnection, path: path.to_owned(), message }
    }

    /// The reference at `path` does not say with which identity it calls.
    pub(super) fn missing_identity(path: &str, connection: &str) -> Self {
        let message = format!(
            "The workflow connection parameter '{connection}' is not valid. The API connection '{connection}' is configured \
             to support managed identity but the connection parameter is either missing 'authentication' property in \
             connection properties or authentication type is not 'ManagedServiceIdentity'."
        );
        Self { kind: MistakeKind::ConnectionIdentity, path: path.to_owned(), message }
    }

    /// The reference at `path` names a connection of someone else, which would get tokens of the
    /// flow.
    pub(super) fn shared_identity(path: &str, connection: &str) -> Self {
        let message = format!(
            "The API connection '{connection}' uses the managed identity of the flow and belongs to someone else, who decides \
             where it leads. Create a connection of your own to the connector: it needs no sign-in."
        );
        Self { kind: MistakeKind::ConnectionIdentity, path: path.to_owned(), message }
    }

    /// The reference at `path` does not say for which resource its identity gets tokens, and
    /// neither does the connector.
    pub(super) fn missing_audience(path: &str, connection: &str) -> Self {
        let message = format!(
            "The connector of the API connection '{connection}' names no resource for tokens of the managed identity. Write \
             it as connectionProperties.authentication.audience of the reference."
        );
        Self { kind: MistakeKind::ConnectionIdentity, path: path.to_owned(), message }
    }

    /// The connector does not declare the operation of a call.
    pub(super) fn unknown_operation(call: &CallSite) -> Self {
        let message = format!(
            "The 'inputs' of workflow operation '{}' of type 'OpenApiConnection' are not valid. The API operation \
             '{}' could not be found in API '{}'.",
            call.action, call.operation, call.api
        );
        Self { kind: MistakeKind::UnknownOperation, path: call.path.clone(), message }
    }

    /// Returns the text for the message of a response, which names the path.
    fn sentence(&self) -> String {
        let Self { path, message, .. } = self;
        match self.kind {
            MistakeKind::Property | MistakeKind::Definition => format!("{path}: {message}"),
            MistakeKind::UnknownOperation => format!(
                "Flow save failed with code '{}' and message '{message}'. ({path})",
                self.kind.detailed_code()
            ),
            _ => format!("{message} ({path})"),
        }
    }
}

impl DefinitionErrors {
    /// Returns mistakes in other members of the flow than its definition.
    pub(super) fn into_property_mistakes(self) -> impl Iterator<Item = Mistake> {
        let errors = self.0.into_iter();
        errors.map(|error| Mistake::property(&error.path, format!("{}; {}.", error.what, error.remedy)))
    }

    pub(super) fn into_mistakes(self) -> impl Iterator<Item = Mistake> {
        self.0.into_iter().map(|error| {
            let message = format!("{}; {}.", error.what, error.remedy);
            Mistake { kind: MistakeKind::Definition, path: error.path, message }
        })
    }
}

/// Why a flow was not saved.
#[derive(Clone, Debug)]
pub(crate) enum SaveError {
    /// The mistakes in the flow; at least one.
    Mistakes(Vec<Mistake>),
    Other(Problem),
}

impl From<Problem> for SaveError {
    fn from(problem: Problem) -> Self {
        Self::Other(problem)
    }
}

impl From<outlive_store::StoreError> for SaveError {
    fn from(error: outlive_store::StoreError) -> Self {
        Self::Other(error.into())
    }
}

impl IntoResponse for SaveError {
    /// Sends code and status of the first mistake, the messages of all, and each as a detail.
    fn into_response(self) -> Response {
        let mistakes = match self {
            Self::Other(problem) => return problem.into_response(),
            Self::Mistakes(mistakes) => mistakes,
        };
        let first = mistakes.first().map_or(MistakeKind::Definition, |mistake| mistake.kind);
        let mut sentences = Vec::new();
        if first == MistakeKind::Definition {
            sentences.push("The flow's definition is not valid.".to_owned());
        }
        sentences.extend(mistakes.iter().take(REPORTED_MAX).map(Mistake::sentence));
        if mistakes.len() > REPORTED_MAX {
            sentences.push(format!("There are {} more mistakes.", mistakes.len() - REPORTED_MAX));
        }
        let details: Vec<_> = mistakes
            .iter()
            .take(REPORTED_MAX)
            .map(|Mistake { kind, path, message }| {
                json!({"code": kind.detailed_code(), "target": path, "message": message})
            })
            .collect();
        let error = json!({"code": first.code(), "message": sentences.join(" "), "details": details});
        (first.status(), Json(json!({ "error": error }))).into_response()
    }
}
