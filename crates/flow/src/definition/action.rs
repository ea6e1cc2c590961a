//! The actions of a flow.

use super::condition::Condition;
use crate::expression::Template;
use crate::retry::RetryPolicy;
use crate::status::ActionStatus;

#[derive(Clone, Debug)]
pub(crate) struct Action {
    /// Its name, unique in the flow.
    pub name: String,
    pub scope: Scope,
    /// The actions it runs after (places in [`Definition::actions`](super::Definition::actions)),
    /// and the statuses they must have.
    pub run_after: Vec<(usize, StatusSet)>,
    /// The kind, with its inputs.
    pub kind: ActionKind,
}

/// The scope of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Flow,
    /// A branch of a condition: `actions` (`then`) or `else.actions`.
    Branch {
        /// The condition's place.
        condition: usize,
        /// Whether it is the branch for a true condition.
        then: bool,
    },
}

#[derive(Clone, Debug)]
pub(crate) enum ActionKind {
    /// Calls an operation of a connector through a connection.
    OpenApiConnection(ConnectorCall),
    /// Computes a value.
    Compose(Template),
    /// Runs one of two branches.
    If(Condition),
}

/// The inputs of an `OpenApiConnection` (reference §4.1).
#[derive(Clone, Debug)]
pub(crate) struct ConnectorCall {
    /// The connector (`shared_contoso-orders`).
    pub api: String,
    /// The key in `connectionReferences`.
    pub reference: String,
    /// The operation in the connector's swagger.
    pub operation: String,
    /// Parameters by name; `body/customer` names a member of the body.
    pub parameters: Vec<(String, Template)>,
    pub retry: RetryPolicy,
}

/// An action that calls an operation of a connector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CallSite {
    pub action: String,
    pub api: String,
    pub operation: String,
    /// The path of the operation's id.
    pub path: String,
}

/// A set of final statuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct StatusSet(u8);

impl StatusSet {
    /// Returns the set with this status added.
    pub(crate) const fn with(self, status: ActionStatus) -> Self {
        Self(self.0 | 1 << status as u8)
    }
    /// Whether the set contains a status.
    pub(crate) const fn has(self, status: ActionStatus) -> bool {
        self.0 & (1 << status as u8) != 0
    }
    /// Lists the statuses, for messages.
    pub(crate) fn names(self) -> String {
        let all =
            [ActionStatus::Succeeded, ActionStatus::Failed, ActionStatus::Skipped, ActionStatus::TimedOut];
        let names: Vec<_> =
            all.into_iter().filter(|status| self.has(*status)).map(ActionStatus::name).collect();
        names.join(", ")
    }
}
