//! The verbs that check, and expected refusals.

use std::collections::BTreeMap;

use outlive_clock::Span;
use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;

/// The expected refusal of the issuer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefusalExpectation {
    /// The HTTP status.
    #[serde(default)]
    pub status: Option<Spanned<u16>>,
    /// OAuth `error`.
    #[serde(default)]
    pub error: Option<String>,
    /// The `AADSTS` number.
    #[serde(default)]
    pub aadsts: Option<Spanned<u32>>,
    /// `suberror`.
    #[serde(default)]
    pub suberror: Option<String>,
    /// Texts that the description must contain. Placeholders such as `${mark.x}` are replaced.
    #[serde(default)]
    pub text_has: Vec<String>,
}

/// The expected state of a connection.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectionExpectation {
    /// The connection.
    pub connection: Spanned<String>,
    /// Its overall status (`Connected`, `Error`).
    pub status: Spanned<String>,
    /// The target of the error (`token`).
    #[serde(default)]
    pub target: Option<String>,
    /// The error's code (`Unauthorized`).
    #[serde(default)]
    pub code: Option<String>,
    /// Texts that the error message must contain.
    #[serde(default)]
    pub message_has: Vec<String>,
}

/// The expected runs of a flow.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunsExpectation {
    /// The flow.
    pub flow: Spanned<String>,
    /// Only runs that started after this mark; all by default.
    #[serde(default)]
    pub since: Option<Spanned<String>>,
    /// The number of runs of each status. Other statuses must not occur.
    #[serde(default)]
    pub counts: Option<BTreeMap<String, u64>>,
    /// The minimum number of runs of each status.
    #[serde(default)]
    pub at_least: BTreeMap<String, u64>,
    /// The interval between successive runs.
    #[serde(default)]
    pub every: Option<Spanned<Span>>,
    /// The expected last run.
    #[serde(default)]
    pub last: Option<LastRun>,
}

/// An expected run.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LastRun {
    /// Its status.
    pub status: Spanned<String>,
    /// Its expected first failed action.
    #[serde(default)]
    pub failed_action: Option<FailedAction>,
}

/// An expected failed action.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailedAction {
    /// Its code (`Unauthorized`).
    pub code: String,
    /// The HTTP status of the response.
    #[serde(default)]
    pub answered: Option<Spanned<u16>>,
    /// The number of retries.
    #[serde(default)]
    pub retries: Option<u64>,
    /// Texts that the body of the response must contain.
    #[serde(default)]
    pub text_has: Vec<String>,
}

/// The expected journal events.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalExpectation {
    /// The kind, or a prefix that ends in a dot.
    pub kind: Spanned<String>,
    /// The service that recorded them.
    #[serde(default)]
    pub service: Option<Spanned<String>>,
    /// Only events after this mark.
    #[serde(default)]
    pub since: Option<Spanned<String>>,
    /// The subject. Placeholders such as `${user.owner.id}` are replaced.
    #[serde(default)]
    pub subject: Option<String>,
    /// Values that the payload must have, by dotted path.
    #[serde(default, rename = "where")]
    pub matching: BTreeMap<String, Value>,
    /// The number of events.
    #[serde(default)]
    pub count: Option<u64>,
    /// The minimum number of events.
    #[serde(default)]
    pub at_least: Option<u64>,
    /// A chain that the events must form.
    #[serde(default)]
    pub chain: Option<ChainExpectation>,
}

/// A chain of events: each refers to the previous one.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainExpectation {
    /// The path of an event's own id in its payload (`refresh_token.id`).
    pub each: String,
    /// The path of the previous event's id (`refresh_token.parent`).
    pub follows: String,
}
