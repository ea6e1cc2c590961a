//! Requests and responses of the lab surface (`/_lab`) that every service has.

use outlive_clock::{Instant, Speed};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The state of a tenant's clock in a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockState {
    /// Virtual time.
    pub now: Instant,
    /// How fast it runs.
    pub speed: Speed,
    /// When the service next has due work (virtual time).
    pub next_due: Option<Instant>,
}

/// A change of a clock, or the clock of a new tenant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockChange {
    /// The virtual time to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<Instant>,
    /// How fast to run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed: Option<Speed>,
    /// The wall time at which it shows `now`: with the same value, running clocks of all services
    /// agree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wall: Option<Instant>,
    /// Whether more steps follow at once, so that this one need not be durable by itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub step: bool,
    /// Which data of the tenant is meant: that whose creation began at this wall time. A tenant
    /// that was started over has the same id and another one; the change is then rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incarnation: Option<Instant>,
}

impl ClockChange {
    /// Whether the clock stays as it is.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.now.is_none() && self.speed.is_none()
    }
}

/// The due work that a service did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueWork {
    /// Number of work items done, including failed ones.
    pub done: u64,
    /// Number of failed work items.
    pub failed: u64,
    /// Number of runs that recurrences of flows started.
    #[serde(default)]
    pub started: u64,
    /// When something is due next (virtual time). Services leave it to their lab surface.
    pub next_due: Option<Instant>,
}

/// How many runs recurrences of flows are going to start until an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExpectedRuns {
    /// The number.
    pub runs: u64,
    /// Whether it is exact. Otherwise flows look for events, or a rule may turn one off.
    pub is_exact: bool,
}

/// Selects journal events of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct JournalQuery {
    /// Only lines after this sequence number.
    pub after: u64,
    /// Maximum number; the service's own limit if `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Only this kind, or kinds with this prefix if it ends in a dot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Only this subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Only this trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// Only lines about the credential with this id or fingerprint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// The newest lines, newest first; `after` is ignored. With `about`, only `kind`, `before_at`
    /// and `limit` apply, too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub newest: bool,
    /// With `newest`: only notable events.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub notable: bool,
    /// With `newest`: only lines before this sequence number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    /// The newest notable lines of each of these kinds, separated by commas, newest first; of the
    /// other criteria, only `before_at` and `limit` apply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kinds: Option<String>,
    /// With `kinds`, or `newest` and `about`: only lines before this instant (virtual time).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_at: Option<Instant>,
}

/// A connection of the hub, with what it stores: named, never contained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldConnection {
    /// Its id, which journal events name.
    pub id: String,
    /// Its resource name.
    pub name: String,
    /// Its resource group.
    pub group: String,
    /// The name that its owner gave.
    pub display_name: String,
    /// The name of its connector.
    pub connector: String,
    /// The object id of its owner.
    pub owner: String,
    /// The object ids of the users with whom its owner shares it, at most 20.
    #[serde(default)]
    pub shared_with: Vec<String>,
    /// The account that signed in, if one did.
    pub account: Option<String>,
    /// Whether it may be used; independent of its status.
    pub enabled: bool,
    /// `Connected` or `Error`.
    pub status: String,
    /// The reason, if it is in error.
    pub message: Option<String>,
    /// How it authenticates.
    pub sign_in: ConnectionSignIn,
    /// The parameter that contains the stored password or key.
    pub secret_parameter: Option<String>,
    /// The fingerprint of the stored refresh token.
    pub refresh_token: Option<String>,
    /// The fingerprint of the stored access token.
    pub access_token: Option<String>,
    /// When the stored access token expires (virtual time).
    pub access_token_expires: Option<Instant>,
    /// When it was created (virtual time).
    pub created: Instant,
    /// When its owner last changed it (virtual time).
    pub changed: Instant,
}

/// How a connection authenticates at its back end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionSignIn {
    /// With tokens.
    OAuth,
    /// With tokens of the flow that calls.
    ManagedIdentity,
    /// With a stored name and password.
    Password,
    /// With a stored key.
    Key,
    /// In no way that the connector declares.
    None,
}

/// The connections of a tenant at the hub, by group and name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldConnections {
    /// At most 200.
    pub connections: Vec<HeldConnection>,
    /// Whether there are more.
    pub has_more: bool,
}

/// A flow, with its latest runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownFlow {
    /// Its id.
    pub id: String,
    /// The name that its owner gave.
    pub display_name: String,
    /// The object id of its owner.
    pub owner: String,
    /// `Started`, `Stopped` or `Suspended`.
    pub state: String,
    /// When it is due next (virtual time), if it is scheduled.
    pub next_due: Option<Instant>,
    /// When it was created (virtual time).
    pub created: Instant,
    /// Its latest runs, newest first; at most 24.
    pub runs: Vec<KnownRun>,
}

/// A run of a flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownRun {
    /// Its name.
    pub name: String,
    /// When it started (virtual time).
    pub started: Instant,
    /// `Succeeded`, `Failed`, `Running` ...
    pub status: String,
    /// The code of its error.
    pub code: Option<String>,
}

/// The flows of a tenant, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownFlows {
    /// At most 100.
    pub flows: Vec<KnownFlow>,
    /// Whether there are more.
    pub has_more: bool,
}
