//! What happened to the credentials of a tenant's main user and to its flows between two instants
//! (`GET /lab/tenants/{t}/timeline`).

use outlive_clock::{Instant, TenantId};
use outlive_rules::ClientClass;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::KnownRun;
use crate::story::{CredentialKind, Holder};

/// The timeline of a tenant. All instants are virtual time.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Timeline {
    /// The tenant.
    #[schema(value_type = String)]
    pub tenant: TenantId,
    /// The current virtual time.
    #[schema(value_type = String)]
    pub now: Instant,
    /// Where it begins.
    #[schema(value_type = String)]
    pub from: Instant,
    /// Where it ends.
    #[schema(value_type = String)]
    pub until: Instant,
    /// The rules of the tenant.
    pub rules: String,
    /// The user whose credentials these are.
    pub upn: String,
    /// What happened to the user and to the tenant's applications within the timeline, in order.
    pub events: Vec<TimelineEvent>,
    /// Browser sessions, then applications, then connections.
    pub lanes: Vec<TimelineLane>,
    /// The runs of each flow, the oldest flow first.
    #[schema(value_type = Vec<Object>)]
    pub flows: Vec<FlowRuns>,
    /// Whether there is more than these: older grants, other flows.
    pub has_more: bool,
    /// The services that do not answer. Their part is missing.
    pub missing: Vec<String>,
}

/// An event that concerns several credentials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TimelineEvent {
    /// When it happened.
    #[schema(value_type = String)]
    pub at: Instant,
    /// The kind of the journal event.
    pub kind: String,
    /// What happened, as a sentence.
    pub words: String,
    /// The row of the table, if it has one.
    pub row: Option<String>,
    /// Its trace id.
    pub trace: String,
}

/// What one holder had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TimelineLane {
    /// Who has it.
    pub holder: Holder,
    /// What it is: a session, a refresh token, or a stored password or key.
    pub kind: CredentialKind,
    /// The class of the client that obtained it.
    #[schema(value_type = Option<String>)]
    pub client_class: Option<ClientClass>,
    /// Its grants, in order.
    pub grants: Vec<TimelineGrant>,
    /// What happened to it, in order.
    pub marks: Vec<TimelineMark>,
}

/// From when until when a credential was alive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TimelineGrant {
    /// Its name for `why`; absent for a stored password or key.
    pub name: Option<String>,
    /// When it was obtained.
    #[schema(value_type = String)]
    pub from: Instant,
    /// Until when it was, or is going to be, alive.
    #[schema(value_type = String)]
    pub until: Instant,
    /// Until when access tokens that were obtained with it last.
    #[schema(value_type = Option<String>)]
    pub access_until: Option<Instant>,
}

/// What a mark says about a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// It was obtained.
    Obtained,
    /// An event did not revoke it.
    Survived,
    /// An event did not revoke it, but it is refused for as long as something else forbids its use:
    /// a disabled account, or a policy.
    Refused,
    /// An event revoked it.
    Revoked,
    /// It expired.
    Expired,
}

/// Something that happened to a credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TimelineMark {
    /// When.
    #[schema(value_type = String)]
    pub at: Instant,
    /// What.
    pub kind: MarkKind,
    /// The credential, for `why`.
    pub name: Option<String>,
    /// The row of the table, where an event with one did it.
    pub row: Option<String>,
    /// The explanation of the verdict at that instant.
    pub explanation: String,
    /// The titles of the rows that would have revoked it then, if it was alive.
    pub would_end_it: Vec<String>,
}

/// The runs of a flow between two instants: each of them, or counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowRuns {
    /// The id of the flow.
    pub id: String,
    /// The name that its owner gave.
    pub display_name: String,
    /// `Started`, `Stopped` or `Suspended`.
    pub state: String,
    /// How many there are.
    pub total: u64,
    /// Whether the range contains a part of a day of which only the number of runs is known. Such
    /// runs count as if they had been evenly spaced.
    #[serde(default)]
    pub is_estimate: bool,
    /// Each run, in order, if there are few.
    pub runs: Vec<KnownRun>,
    /// Otherwise counts, in order.
    pub bins: Vec<RunBin>,
}

/// How many runs of a flow started from one instant until another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunBin {
    /// Its beginning.
    pub from: Instant,
    /// Its end.
    pub until: Instant,
    /// How many succeeded.
    pub succeeded: u64,
    /// How many failed or timed out.
    pub failed: u64,
    /// How many are in progress, wait or were cancelled.
    pub other: u64,
    /// The first that succeeded, and when the last of them started.
    pub successes: Option<RunsOfKind>,
    /// The first that failed, and when the last of them started.
    pub failures: Option<RunsOfKind>,
}

/// The first and the last of several runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunsOfKind {
    /// When the first started.
    pub first: Instant,
    /// The name of the first; empty if it is not known.
    pub first_name: String,
    /// When the last started.
    pub last: Instant,
}

/// The runs of the flows of a tenant between two instants, the oldest flow first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunsInRange {
    /// At most 50.
    pub flows: Vec<FlowRuns>,
    /// Whether there are more.
    pub has_more: bool,
}
