//! The actions of a flow.

use outlive_clock::Span;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::condition::Condition;
use super::connector_call::{ApiCall, ConnectorCall};
use super::http_call::HttpCall;
use super::schema::Schema;
use super::settings::Settings;
use super::variable::{Initial, VariableChange};
use super::webhook::WebhookCall;
use crate::expression::Template;
use crate::status::{ActionStatus, RunStatus};

#[derive(Clone, Debug)]
pub(crate) struct Action {
    /// Its name, unique in the flow.
    pub name: String,
    /// The body that it is part of (a place in [`Definition::bodies`](super::Definition::bodies)).
    pub body: usize,
    /// Its place among the actions of the body.
    pub slot: usize,
    /// The scope, condition or switch of the same body that contains it: its slot, and the branch.
    pub within: Option<(usize, Branch)>,
    /// The slots of the actions that it runs after, and the statuses they must have.
    pub run_after: Vec<(usize, StatusSet)>,
    /// The kind, with its inputs.
    pub kind: ActionKind,
    pub settings: Settings,
}

/// A branch of an action that contains others. Stored in the states of runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Branch {
    /// Of a condition: `actions` (true) or `else.actions`. A scope has only the first.
    Condition(bool),
    /// Of a switch: the case of this place, or the default after all of them.
    Case(usize),
}

/// What runs once per iteration of a loop; the first body is the flow itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Body {
    /// The place of the loop.
    pub of: Option<usize>,
    /// The places of its actions. Each follows its scope and the actions it runs after.
    pub members: Vec<usize>,
    /// Whether expressions outside of the loop read its ended iterations.
    pub is_read_outside: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum ActionKind {
    /// Calls an operation of a connector through a connection.
    OpenApiConnection(ConnectorCall),
    /// Sends a request through a connection.
    ApiConnection(ApiCall),
    /// Sends a request to a service.
    Http(Box<HttpCall>),
    /// Subscribes at a connector or a service, and waits to be called back.
    Webhook(Box<WebhookCall>),
    /// An action of a type that exists but cannot run here. It fails, unless it has a static
    /// result.
    Unavailable {
        /// The type, as written.
        kind: String,
        remedy: &'static str,
    },
    /// Computes a value.
    Compose(Template),
    /// Calls a function.
    Compute(Box<Computation>),
    ParseJson {
        content: Template,
        schema: Option<Box<Schema>>,
    },
    Select {
        from: Template,
        select: Template,
    },
    Query {
        from: Template,
        condition: Condition,
    },
    Join {
        from: Template,
        with: Template,
    },
    Table(Box<Table>),
    InitializeVariable(Vec<Initial>),
    ChangeVariable {
        change: VariableChange,
        name: String,
        value: Template,
    },
    Wait(Wait),
    Response(Box<Response>),
    Terminate {
        status: RunStatus,
        code: Option<Template>,
        message: Option<Template>,
    },
    Scope,
    /// Runs one of two branches.
    If(Condition),
    Switch {
        on: Template,
        cases: Vec<Value>,
    },
    Foreach {
        over: Template,
        /// The maximum number of iterations that run at the same time.
        concurrency: usize,
    },
    Until(Until),
}

/// A function with its inputs.
#[derive(Clone, Debug)]
pub(crate) struct Computation {
    pub inputs: Vec<(String, Template)>,
    /// Reads the inputs as parameters.
    pub expression: Template,
}

#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub from: Template,
    pub is_html: bool,
    /// Header and value of each column; without any, the members of the items.
    pub columns: Vec<(Template, Template)>,
}

#[derive(Clone, Debug)]
pub(crate) enum Wait {
    For { count: Template, unit: Template },
    Until(Template),
}

#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub status: Template,
    pub headers: Option<Template>,
    pub body: Option<Template>,
}

#[derive(Clone, Debug)]
pub(crate) struct Until {
    pub done: Condition,
    /// The maximum number of iterations.
    pub count: usize,
    /// The maximum duration (virtual time), checked after each iteration.
    pub timeout: Span,
    /// Whether the action fails when it reaches one of the limits.
    pub fails_at_limit: bool,
}

impl ActionKind {
    /// Whether the action contains others.
    pub(crate) const fn is_container(&self) -> bool {
        matches!(
            self,
            Self::Scope | Self::If(_) | Self::Switch { .. } | Self::Foreach { .. } | Self::Until(_)
        )
    }

    /// Whether each iteration has a body of its own.
    pub(crate) const fn is_loop(&self) -> bool {
        matches!(self, Self::Foreach { .. } | Self::Until(_))
    }

    /// Returns the templates of the inputs.
    pub(super) fn templates(&self) -> Vec<&Template> {
        match self {
            Self::OpenApiConnection(call) => call.parameters.iter().map(|(_, template)| template).collect(),
            Self::ApiConnection(call) => call.templates(),
            Self::Http(call) => call.templates(),
            Self::Compute(computation) => computation.inputs.iter().map(|(_, template)| template).collect(),
            Self::Webhook(call) => call.templates(),
            Self::Unavailable { .. } | Self::Scope => Vec::new(),
            Self::Compose(template)
            | Self::Switch { on: template, .. }
            | Self::ParseJson { content: template, .. }
            | Self::Foreach { over: template, .. }
            | Self::Wait(Wait::Until(template)) => vec![template],
            Self::Select { from, select: other }
            | Self::Join { from, with: other }
            | Self::Wait(Wait::For { count: from, unit: other }) => vec![from, other],
            Self::Query { from, condition } => [vec![from], condition.templates()].concat(),
            Self::Table(table) => {
                let columns = table.columns.iter().flat_map(|(header, value)| [header, value]);
                columns.chain([&table.from]).collect()
            }
            Self::InitializeVariable(list) => list.iter().filter_map(|one| one.value.as_ref()).collect(),
            Self::ChangeVariable { value, .. } => vec![value],
            Self::Response(response) => {
                let others = [&response.headers, &response.body].into_iter().flatten();
                others.chain([&response.status]).collect()
            }
            Self::Terminate { code, message, .. } => [code, message].into_iter().flatten().collect(),
            Self::If(condition) => condition.templates(),
            Self::Until(until) => until.done.templates(),
        }
    }
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
