//! A flow with its run history and the users who may use it, and one of its runs.

use outlive_clock::Instant;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// A flow with a page of its run history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FlowDetails {
    /// Its id.
    pub id: String,
    /// The name that its owner gave.
    pub display_name: String,
    /// The object id of its owner.
    pub owner: String,
    /// `Started`, `Stopped` or `Suspended`.
    pub state: String,
    /// The name of its trigger.
    pub trigger: String,
    /// When it is due next (virtual time), if it is scheduled.
    #[schema(value_type = Option<String>)]
    pub next_due: Option<Instant>,
    /// The users who may use it, its owner first.
    pub users: Vec<FlowUser>,
    /// Runs, newest first.
    pub runs: Vec<ListedRun>,
    /// The value of `before` for the runs before these, if there are any.
    pub older: Option<String>,
}

/// A user of a flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FlowUser {
    /// The object id.
    pub user: String,
    /// `Owner`, `CanEdit` (a co-owner) or `CanView` (a run-only user).
    pub role: String,
}

/// A run in the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListedRun {
    /// Its name.
    pub name: String,
    /// When it started (virtual time).
    #[schema(value_type = String)]
    pub started: Instant,
    /// When it ended (virtual time).
    #[schema(value_type = Option<String>)]
    pub ended: Option<Instant>,
    /// `Succeeded`, `Failed`, `Running` ...
    pub status: String,
    /// The code of its error.
    pub code: Option<String>,
}

/// A run with its actions, as the flow service shows them to the owner: without secured values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunDetails {
    /// The run, in the published shape.
    #[schema(value_type = Object)]
    pub run: Value,
    /// Its actions in order of evaluation, in the published shape.
    #[schema(value_type = Vec<Object>)]
    pub actions: Vec<Value>,
}

/// Acts on a flow as its owner.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowAction {
    /// The owner's present password, if it was changed elsewhere than through the lab.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

/// Shares a flow as its owner, or stops to.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowShare {
    /// The user: sign-in name or object id.
    pub with: String,
    /// What the user becomes.
    pub role: FlowRole,
    /// The owner's present password, if it was changed elsewhere than through the lab.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

/// What a user may do with a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum FlowRole {
    /// A co-owner.
    CanEdit,
    /// A run-only user.
    CanView,
    /// Nothing.
    None,
}

impl FlowRole {
    /// The role's name at the flow service; `None` if the user has none.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::CanEdit => Some("CanEdit"),
            Self::CanView => Some("CanView"),
            Self::None => None,
        }
    }
}
