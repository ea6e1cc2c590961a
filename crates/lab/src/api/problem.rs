//! Error responses of the lab API.

use axum::extract::rejection::JsonRejection;
use http::StatusCode;
use outlive_chassis::{Problem, explain_body};
use outlive_clock::TenantId;
use outlive_rules::aadsts;
use tokio::task::JoinError;

use crate::conductor::ConductError;
use crate::http::CallError;
use crate::maker::MakerError;
use crate::oauth_client::OAuthError;
use crate::tenants::{ExportError, SnapshotError, TenantError};

impl From<TenantError> for Problem {
    fn from(error: TenantError) -> Self {
        let message = error.to_string();
        match error {
            TenantError::Unknown(_) => Self::not_found("TenantNotFound", message),
            TenantError::UserDeleted(_) => Self::not_found("UserNotFound", message),
            TenantError::UnknownSeed { .. } | TenantError::Overlay(_) | TenantError::Event(_) => {
                Self::bad_request(message)
            }
            TenantError::NotReset { .. } | TenantError::NotRestored { .. } => {
                Self::new(StatusCode::BAD_GATEWAY, "ServiceFailed", message)
            }
            TenantError::Snapshot(error) => of_snapshot(&error, message),
            TenantError::Export(error) => of_export(&error, message),
            TenantError::Connection(_) | TenantError::Flow(_) => Self::bad_request(message),
            TenantError::Maker(error) => of_maker(&error, message),
            TenantError::Call(call) => of_call(&call, call.reason()),
            TenantError::Service { cause, .. } => of_call(&cause, message),
            TenantError::EndedEarly { cause, .. } | TenantError::Unfinished { cause, .. } => Self {
                message,
                // Not the caller's mistake, whatever status a service returned.
                status: StatusCode::BAD_GATEWAY,
                ..of_conduct(&cause)
            },
            TenantError::Incomplete { .. } => Self::new(StatusCode::BAD_GATEWAY, "TenantIncomplete", message),
            TenantError::Busy(_) => Self::new(StatusCode::CONFLICT, "OperationInProgress", message),
            TenantError::StartedOver(_) => Self::new(StatusCode::CONFLICT, "TenantStartedOver", message),
            TenantError::EventUndecided(_) => Self::new(StatusCode::CONFLICT, "EventUndecided", message),
            TenantError::TakenOver(_) => Self::new(StatusCode::CONFLICT, "OperationTakenOver", message),
            TenantError::Frozen { .. } => Self::new(StatusCode::CONFLICT, "AdvanceEnded", message),
            TenantError::Layout(_) => Self::new(StatusCode::BAD_GATEWAY, "LayoutFailed", message),
            TenantError::Conduct(error) => of_conduct(&error),
            TenantError::Store(error) => error.into(),
        }
    }
}

fn of_snapshot(error: &SnapshotError, message: String) -> Problem {
    match error {
        SnapshotError::Unknown => Problem::not_found("SnapshotNotFound", message),
        SnapshotError::Name => Problem::bad_request(message),
        SnapshotError::NameTaken(_) => Problem::new(StatusCode::CONFLICT, "SnapshotNameTaken", message),
        SnapshotError::TooMany => Problem::new(StatusCode::CONFLICT, "TooManySnapshots", message),
        SnapshotError::Changing(_) => Problem::new(StatusCode::CONFLICT, "TenantBusy", message),
        SnapshotError::TooLarge(_) => Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "CopyTooLarge", message),
        SnapshotError::OtherVersion(_) => {
            Problem::new(StatusCode::CONFLICT, "SnapshotOfOtherVersion", message)
        }
        SnapshotError::Unreadable => Problem::new(StatusCode::CONFLICT, "SnapshotUnreadable", message),
    }
}

fn of_export(error: &ExportError, message: String) -> Problem {
    match error {
        ExportError::NotAnExport(_) => Problem::new(StatusCode::BAD_REQUEST, "NotAnExport", message),
        ExportError::Changed => Problem::new(StatusCode::BAD_REQUEST, "ExportChanged", message),
        ExportError::TooLarge(_) => Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "ExportTooLarge", message),
        ExportError::SharedKeys(_) => Problem::new(StatusCode::CONFLICT, "TenantOfEarlierVersion", message),
        ExportError::OtherVersion(_) => Problem::new(StatusCode::CONFLICT, "ExportOfOtherVersion", message),
        ExportError::Exists(_) => Problem::new(StatusCode::CONFLICT, "TenantExists", message),
    }
}

/// A password that the lab does not know any more is 409: the caller has it.
fn of_maker(error: &MakerError, message: String) -> Problem {
    match error {
        MakerError::Call(call) => of_call(call, call.reason()),
        MakerError::SignIn { why, .. } if !error.is_temporary() => {
            let hint = match why {
                OAuthError::Refused(refusal) if refusal.aadsts == Some(aadsts::WRONG_PASSWORD.number) => {
                    " If the password was changed elsewhere, give it as 'password'."
                }
                _ => "",
            };
            let message = format!("{}.{hint}", message.trim_end_matches('.'));
            Problem::new(StatusCode::CONFLICT, "OwnerCannotSignIn", message)
        }
        _ => Problem::new(StatusCode::BAD_GATEWAY, "ServiceFailed", message),
    }
}

pub(super) fn of_conduct(error: &ConductError) -> Problem {
    let message = error.to_string();
    match error {
        ConductError::Backwards { .. } => Problem::conflict(message),
        ConductError::TooManySteps { .. } | ConductError::TooFar { .. } | ConductError::EndOfTime { .. } => {
            Problem::bad_request(message)
        }
        ConductError::Stuck { .. } => Problem::new(StatusCode::BAD_GATEWAY, "WorkStuck", message),
        ConductError::Canceled { .. } => {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "OperationCanceled", message)
        }
        ConductError::Service { cause, .. } => of_call(cause, message),
    }
}

/// Passes on the refusal of a service; a service that does not respond is 502 Bad Gateway.
pub(super) fn of_call(call: &CallError, message: String) -> Problem {
    let status = call.status.and_then(|status| StatusCode::from_u16(status).ok());
    match status.filter(StatusCode::is_client_error) {
        Some(status) => Problem::new(status, "Refused", message),
        None => Problem::new(StatusCode::BAD_GATEWAY, "ServiceFailed", message),
    }
}

/// Parses the tenant in a path.
pub(super) fn tenant_of(text: &str) -> Result<TenantId, Problem> {
    text.parse().ok().ok_or_else(|| {
        Problem::not_found(
            "TenantNotFound",
            "The tenant in the path is not a UUID; GET /lab/tenants lists them.",
        )
    })
}

/// Returns the result of a task. A task that panicked is unavailable; the panic is logged.
pub(super) fn ended<T>(task: Result<T, JoinError>) -> Result<T, Problem> {
    task.map_err(|error| Problem::unavailable().caused_by(error))
}

/// Converts axum's rejection of a body.
pub(super) fn of_body(rejection: &JsonRejection) -> Problem {
    Problem::new(rejection.status(), "BadRequest", explain_body(rejection))
}
