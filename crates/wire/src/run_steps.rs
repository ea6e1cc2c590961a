//! The HTTP exchanges of one run of a flow, step by step
//! (`GET /lab/tenants/{t}/runs/{run}/steps`).

use outlive_clock::{Instant, TenantId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{ConnectionSignIn, ListedRun};

/// A run, and what the services sent each other in it. All instants but `wall` are virtual time.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RunSteps {
    /// The tenant.
    #[schema(value_type = String)]
    pub tenant: TenantId,
    /// The current virtual time.
    #[schema(value_type = String)]
    pub now: Instant,
    /// The name of the run.
    pub run: String,
    /// The id of its flow.
    pub flow: String,
    /// The name that the flow's owner gave.
    pub flow_name: String,
    /// When the flow is due next, if it is scheduled.
    #[schema(value_type = Option<String>)]
    pub next_due: Option<Instant>,
    /// `Succeeded`, `Failed`, ...; `Waiting` if it is not finished.
    pub status: String,
    /// The code of its error.
    pub code: Option<String>,
    /// When it started.
    #[schema(value_type = String)]
    pub started: Instant,
    /// When it ended.
    #[schema(value_type = Option<String>)]
    pub ended: Option<Instant>,
    /// The run of the flow before this one, if the history contains it.
    pub previous: Option<ListedRun>,
    /// The run of the flow after this one.
    pub next: Option<ListedRun>,
    /// Whether it is the latest run of the flow.
    pub is_latest: bool,
    /// How many runs in a row failed, up to this one; at most 50 are counted.
    pub failures_in_a_row: u32,
    /// The connection that it used; of several, the one that failed it.
    pub connection: Option<RunConnection>,
    /// The steps, in order.
    pub steps: Vec<RunStep>,
    /// Whether there are more events than are read: those between the first and the last are
    /// missing.
    pub has_more: bool,
    /// What repairs it, if it failed and the cause is known.
    pub repair: Option<String>,
    /// What would have avoided it in general; `why` evaluates what would have for its token.
    pub avoided_by: Vec<String>,
    /// The services that do not answer. Their part is missing.
    pub missing: Vec<String>,
}

/// A connection that a run used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunConnection {
    /// Its id.
    pub id: String,
    /// Its resource name.
    pub name: String,
    /// The name that its owner gave.
    pub display_name: String,
    /// Whether the hub has it in error now.
    pub is_broken: bool,
    /// How it authenticates.
    #[schema(value_type = String)]
    pub sign_in: ConnectionSignIn,
}

/// A service, as a party of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The flow service.
    Flow,
    /// The hub.
    Hub,
    /// The identity provider.
    Idp,
    /// The orders API.
    Resource,
    /// Another back end of a connector, which writes no journal.
    BackEnd,
}

/// What a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// A request.
    Request,
    /// A decision within one service.
    Note,
    /// The response to the latest open request between the two.
    Response,
}

/// The credential that a request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Carried {
    /// The caller's own key or token for the hub.
    CallerToken,
    /// A refresh token.
    RefreshToken,
    /// An access token.
    AccessToken,
    /// A user name and a password.
    Password,
    /// An API key.
    Key,
    /// A client certificate.
    Certificate,
    /// The credential of an application or of a managed identity.
    ClientCredential,
}

/// A step of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunStep {
    /// What it is.
    pub kind: StepKind,
    /// Who sends it.
    pub from: Party,
    /// Who receives it; the same for a note.
    pub to: Party,
    /// When.
    #[schema(value_type = String)]
    pub at: Instant,
    /// Wall time when it was recorded; requests are not recorded before they are decided.
    #[schema(value_type = Option<String>)]
    pub wall: Option<Instant>,
    /// What happened, as a sentence without its period.
    pub words: String,
    /// What more there is to know.
    pub detail: String,
    /// The same in a few words, for a drawing.
    pub label: String,
    /// The credential that it carries.
    pub carries: Option<Carried>,
    /// A name of that credential for `why`: an id or a fingerprint.
    pub credential: Option<String>,
    /// The status of a response.
    pub status: Option<u16>,
    /// The error code of a refusal (`AADSTS50173`).
    pub code: Option<String>,
    /// Whether it is a refusal.
    pub is_refused: bool,
    /// The row of the revocation table that decided.
    pub row: Option<String>,
}
