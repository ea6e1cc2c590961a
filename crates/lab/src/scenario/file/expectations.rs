//! What must follow.

use std::collections::BTreeMap;

use outlive_clock::Span;
use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;

/// How the issuer must refuse.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefusalExpectation {
    /// HTTP status.
    #[serde(default)]
    pub status: Option<Spanned<u16>>,
    /// OAuth `error`.
    #[serde(default)]
    pub error: Option<String>,
    /// `AADSTS` number.
    #[serde(default)]
    pub aadsts: Option<Spanned<u32>>,
    /// `suberror`.
    #[serde(default)]
    pub suberror: Option<String>,
    /// Texts that must be in the description; `${mark.x}` and the like are filled in.
    #[serde(default)]
    pub text_has: Vec<String>,
}

/// What the hub must say about a connection.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectionExpectation {
    /// The connection.
    pub connection: Spanned<String>,
    /// Its overall status (`Connected`, `Error`).
    pub status: Spanned<String>,
    /// What the error is about (`token`).
    #[serde(default)]
    pub target: Option<String>,
    /// The error's code (`Unauthorized`).
    #[serde(default)]
    pub code: Option<String>,
    /// Texts that must be in the error's message.
    #[serde(default)]
    pub message_has: Vec<String>,
}

/// What the run history of a flow must say.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunsExpectation {
    /// The flow.
    pub flow: Spanned<String>,
    /// Only runs that started after this mark; all if left out.
    #[serde(default)]
    pub since: Option<Spanned<String>>,
    /// How many runs there must be of each status; statuses that are not named must not occur.
    #[serde(default)]
    pub counts: Option<BTreeMap<String, u64>>,
    /// At least so many runs of each status.
    #[serde(default)]
    pub at_least: BTreeMap<String, u64>,
    /// The time between any two runs.
    #[serde(default)]
    pub every: Option<Spanned<Span>>,
    /// What the last run must be.
    #[serde(default)]
    pub last: Option<LastRun>,
}

/// What a run must be.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LastRun {
    /// Its status.
    pub status: Spanned<String>,
    /// What its first failed action must be.
    #[serde(default)]
    pub failed_action: Option<FailedAction>,
}

/// What a failed action must be.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailedAction {
    /// Its code (`Unauthorized`).
    pub code: String,
    /// The HTTP status it was answered with.
    #[serde(default)]
    pub answered: Option<Spanned<u16>>,
    /// How often it was tried again.
    #[serde(default)]
    pub retries: Option<u64>,
    /// Texts that must be in what it was answered.
    #[serde(default)]
    pub text_has: Vec<String>,
}

/// What the journal must say.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalExpectation {
    /// The kind of line, or a prefix that ends in a dot.
    pub kind: Spanned<String>,
    /// The service that wrote it.
    #[serde(default)]
    pub service: Option<Spanned<String>>,
    /// Only lines after this mark.
    #[serde(default)]
    pub since: Option<Spanned<String>>,
    /// The line's subject; `${user.owner.id}` and the like are filled in.
    #[serde(default)]
    pub subject: Option<String>,
    /// Values that must stand in `data`, by dotted path.
    #[serde(default, rename = "where")]
    pub matching: BTreeMap<String, Value>,
    /// How many such lines there must be.
    #[serde(default)]
    pub count: Option<u64>,
    /// At least so many.
    #[serde(default)]
    pub at_least: Option<u64>,
    /// A chain that the lines must form.
    #[serde(default)]
    pub chain: Option<ChainExpectation>,
}

/// Every line names the line before it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainExpectation {
    /// Path in `data` of what a line brings into being (`refresh_token.id`).
    pub each: String,
    /// Path in `data` of what it came from (`refresh_token.parent`).
    pub follows: String,
}
