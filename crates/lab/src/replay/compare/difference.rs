//! A difference, as reports contain it.

use serde::Serialize;

/// How much a difference matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Another behavior.
    Different,
    /// The same behavior with a value of another kind.
    Shape,
    /// Known, with its reason.
    Expected,
}

impl Severity {
    /// Returns the word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Different => "different",
            Self::Shape => "shape",
            Self::Expected => "expected",
        }
    }
}

/// A difference. It contains no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The member: `status`, `headers.location`, `access_token.claims.amr`.
    pub member: String,
    /// The recorded value.
    pub recorded: String,
    /// The value of Outlive.
    pub outlive: String,
    pub severity: Severity,
    /// Whether Outlive knows everything on which the value depends. If not, data that the recording
    /// does not show may be the cause.
    pub certain: bool,
    /// Why it is expected, or not certain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
}
