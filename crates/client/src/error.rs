//! Why a call failed.

use std::fmt;

use serde_json::Value;

/// Why a call failed. Its text says what failed, why, and what to do, also in its `Debug` form: a
/// test that returns an error prints that.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The `outlive` program is not there.
    #[error(
        "The outlive program is not there: {searched}. Install it (cargo install --path crates/outlive, or a release \
         archive), set OUTLIVE_BIN to its path, or set OUTLIVE_AGAINST to the address of a running lab."
    )]
    ProgramNotFound {
        /// Where it was looked for.
        searched: String,
    },
    /// The program did not start a system.
    #[error("{program} did not start: {why}\n{log}")]
    NotStarted {
        /// The program.
        program: String,
        /// Why.
        why: String,
        /// What it printed to standard error.
        log: String,
    },
    /// The system did not stop in order.
    #[error("The system did not stop in order.\n{log}")]
    NotStopped {
        /// What it printed to standard error.
        log: String,
    },
    /// The lab did not answer.
    #[error(
        "The lab at {lab} did not answer: {why}. Start it with `outlive up`, or give the address that it printed."
    )]
    Unreachable {
        /// The address of the lab.
        lab: String,
        /// Why.
        why: String,
    },
    /// The certificate of the lab's authority is not known.
    #[error(
        "The authority of the lab at {lab} is not known: {why}. Set OUTLIVE_CA to the path that `outlive ca --path` prints there."
    )]
    UnknownAuthority {
        /// The address of the lab.
        lab: String,
        /// Why.
        why: String,
    },
    /// Services did not answer, so the journal has gaps.
    #[error("The journal is incomplete: {} did not answer. Read it again when all services run.", .missing.join(", "))]
    IncompleteJournal {
        /// The services.
        missing: Vec<String>,
    },
    /// The lab rejected the request.
    #[error("{0}")]
    Rejected(Problem),
    /// The answer of the lab has an unexpected form.
    #[error(
        "The answer of the lab cannot be read: {0}. Use versions of outlive and outlive-client that belong together."
    )]
    Unreadable(String),
    /// The tenant has nothing of this name.
    #[error("The tenant has no {what} '{name}'. {}", known_names(.known))]
    Unknown {
        /// The kind, for example `user`.
        what: &'static str,
        /// The name that was given.
        name: String,
        /// The names that exist.
        known: Vec<String>,
    },
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn known_names(known: &[String]) -> String {
    if known.is_empty() { "It has none.".to_owned() } else { format!("It has: {}.", known.join(", ")) }
}

/// What the lab answered to a request that it rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// The kind of problem, for programs: `TenantNotFound`, `OperationInProgress`.
    pub title: String,
    /// What is wrong and what to do, for people.
    pub detail: String,
}

impl Problem {
    /// Reads the body of an error response.
    pub(crate) fn read(status: u16, body: &str) -> Self {
        let json: Value = serde_json::from_str(body).unwrap_or_default();
        let member = |one: &Value, other: &Value| one.as_str().or(other.as_str()).map(str::to_owned);
        let title = member(&json["error"]["code"], &json["title"]);
        let detail = member(&json["error"]["message"], &json["detail"]);
        let is_text = !body.trim().is_empty() && !json.is_object();
        let body = || if is_text { body.trim().chars().take(500).collect() } else { "no details".to_owned() };
        Self {
            status,
            title: title.unwrap_or_else(|| "Error".to_owned()),
            detail: detail.unwrap_or_else(body),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, {})", self.detail, self.title, self.status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_of_both_forms_are_read_and_anything_else_is_quoted() {
        for (body, shown) in [
            (
                r#"{"error": {"code": "TenantNotFound", "message": "No tenant."}}"#,
                "No tenant. (TenantNotFound, 404)",
            ),
            (r#"{"title": "Not found", "detail": "No tenant."}"#, "No tenant. (Not found, 404)"),
            ("Bad Gateway", "Bad Gateway (Error, 404)"),
            ("", "no details (Error, 404)"),
            ("{}", "no details (Error, 404)"),
        ] {
            assert_eq!(Problem::read(404, body).to_string(), shown);
        }
    }
}
