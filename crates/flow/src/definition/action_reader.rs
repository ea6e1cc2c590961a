//! Parses the actions of a flow, including nested ones.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::action::{Action, ActionKind, CallSite, ConnectorCall, Scope, StatusSet};
use super::condition::{Condition, templates_in};
use super::limits::{self, ACTIONS_MAX, NESTING_MAX};
use super::node::{Node, QUOTED_MAX};
use super::refusal::{Collected, DefinitionError};
use super::{order, references, retry_policy};
use crate::expression::Template;
use crate::status::ActionStatus;

/// An action whose `runAfter` is not yet resolved.
struct Read<'a> {
    node: Node<'a>,
    action: Action,
    after: Vec<(String, StatusSet)>,
}

/// Parses the actions of a definition, and collects all errors.
pub(super) struct Reader<'a> {
    parameters: BTreeSet<String>,
    read: Vec<Read<'a>>,
    calls: Vec<CallSite>,
    places: HashMap<String, usize>,
    errors: Collected,
}

impl<'a> Reader<'a> {
    pub(super) fn new(parameters: BTreeSet<String>, errors: Collected) -> Self {
        Self { parameters, read: Vec::new(), calls: Vec::new(), places: HashMap::new(), errors }
    }

    /// Parses a map of actions, including those inside conditions.
    pub(super) fn read(&mut self, actions: &Node<'a>, scope: Scope, depth: usize) {
        let Some(members) = self.errors.keep(actions.members()) else { return };
        if depth > NESTING_MAX && !members.is_empty() {
            let what = format!("actions are nested deeper than {NESTING_MAX}");
            self.errors.push(actions.refuse(&what, "flatten the flow"));
            return;
        }
        for (name, node) in members {
            if self.read.len() >= ACTIONS_MAX {
                let what = format!("there are more than {ACTIONS_MAX} actions");
                self.errors.push(node.refuse(&what, "split the flow"));
                return;
            }
            self.action(name, &node, scope, depth);
        }
    }

    fn action(&mut self, name: String, node: &Node<'a>, scope: Scope, depth: usize) {
        self.errors.keep(limits::name(node, &name));
        let place = self.read.len();
        if self.places.insert(name.clone(), place).is_some() {
            self.errors.push(
                node.refuse("another action has this name", "give every action in the flow its own name"),
            );
        }
        let kind = kind(node, &mut self.errors);
        if let Some(ActionKind::OpenApiConnection(call)) = &kind {
            self.calls.push(CallSite {
                action: name.chars().take(QUOTED_MAX).collect(),
                api: call.api.clone(),
                operation: call.operation.clone(),
                path: format!("{}.inputs.host.operationId", node.path()),
            });
        }
        // An action with an error has no expressions to check, but others may refer to it.
        let kind = kind.unwrap_or_else(|| ActionKind::If(Condition::All(Vec::new())));
        self.check_parameters(node, &kind);
        let after = run_after(node, &mut self.errors);
        self.read.push(Read {
            node: node.clone(),
            action: Action { name, scope, run_after: Vec::new(), kind },
            after,
        });
        let is_condition =
            node.optional("type").is_some_and(|kind| kind.text().is_ok_and(|text| text == "If"));
        if !is_condition {
            return;
        }
        if let Some(then) = node.optional("actions") {
            self.read(&then, Scope::Branch { condition: place, then: true }, depth + 1);
        }
        if let Some(otherwise) = node.optional("else") {
            self.errors.keep(otherwise.only(&["actions"]));
            if let Some(actions) = otherwise.optional("actions") {
                self.read(&actions, Scope::Branch { condition: place, then: false }, depth + 1);
            }
        }
    }

    fn check_parameters(&mut self, node: &Node<'_>, kind: &ActionKind) {
        let names: BTreeSet<_> = templates(kind).into_iter().flat_map(Template::parameter_names).collect();
        for name in names.into_iter().filter(|name| !self.parameters.contains(*name)) {
            let quoted: String = name.chars().take(QUOTED_MAX).collect();
            self.errors.push(node.refuse(
                &format!("there is no parameter '{quoted}'"),
                "declare it in properties.definition.parameters",
            ));
        }
    }

    /// Resolves names, checks references, and orders the actions. Without errors, the actions are
    /// complete.
    pub(super) fn finish(mut self) -> (Vec<Action>, Vec<CallSite>, Collected) {
        for place in 0..self.read.len() {
            let one = &self.read[place];
            let mut run_after = Vec::with_capacity(one.after.len());
            for (name, statuses) in &one.after {
                let at = format!(".runAfter.{}", name.chars().take(QUOTED_MAX).collect::<String>());
                let before =
                    self.places.get(name).copied().filter(|p| self.read[*p].action.scope == one.action.scope);
                match before {
                    None => self.errors.push(one.node.refuse_at(
                        &at,
                        "there is no such action on this level",
                        "name an action of the same level",
                    )),
                    Some(before) if before == place => {
                        self.errors.push(one.node.refuse_at(
                            &at,
                            "an action cannot wait for itself",
                            "remove it",
                        ));
                    }
                    Some(before) => run_after.push((before, *statuses)),
                }
            }
            let names: BTreeSet<_> =
                templates(&one.action.kind).into_iter().flat_map(Template::action_names).collect();
            for name in names {
                if self.places.get(name).is_none_or(|p| *p == place) {
                    let quoted: String = name.chars().take(QUOTED_MAX).collect();
                    self.errors.push(one.node.refuse(
                        &format!("an expression refers to the action '{quoted}', which is not another action of this flow"),
                        "name an action that runs before; names are case-sensitive and contain _ instead of spaces",
                    ));
                }
            }
            self.read[place].action.run_after = run_after;
        }
        let Self { read, calls, mut errors, .. } = self;
        let actions = match order::of(&read.iter().map(|one| &one.action).collect::<Vec<_>>()) {
            Ok(order) => order::apply(read.into_iter().map(|one| one.action).collect(), &order),
            Err(place) => {
                errors.push(
                    read[place].node.refuse("the runAfter conditions form a circle", "remove one of them"),
                );
                Vec::new()
            }
        };
        (actions, calls, errors)
    }
}

fn templates(kind: &ActionKind) -> Vec<&Template> {
    match kind {
        ActionKind::OpenApiConnection(call) => call.parameters.iter().map(|(_, template)| template).collect(),
        ActionKind::Compose(template) => vec![template],
        ActionKind::If(condition) => condition.templates(),
    }
}

const COMMON: [&str; 6] =
    ["type", "runAfter", "metadata", "description", "runtimeConfiguration", "operationOptions"];

/// Returns the kind of an action with its inputs, or records all that is wrong with them.
fn kind(node: &Node<'_>, errors: &mut Collected) -> Option<ActionKind> {
    let remedy = "use OpenApiConnection, Compose or If";
    let kind = errors.keep(node.required("type", remedy))?;
    match errors.keep(kind.text())? {
        "OpenApiConnection" => {
            errors.keep(node.only(&[&COMMON[..], &["inputs"]].concat()));
            let inputs = errors.keep(node.required("inputs", "give host and parameters"))?;
            connector_call(&inputs, errors).map(ActionKind::OpenApiConnection)
        }
        "Compose" => {
            errors.keep(node.only(&[&COMMON[..], &["inputs"]].concat()));
            let null = Value::Null;
            let inputs = node.value().get("inputs").unwrap_or(&null);
            let inputs = Node::new(format!("{}.inputs", node.path()), inputs);
            templates_in(&inputs, errors).map(ActionKind::Compose)
        }
        "If" => {
            errors.keep(node.only(&[&COMMON[..], &["expression", "actions", "else"]].concat()));
            let expression = errors.keep(node.required("expression", "give the condition"))?;
            errors.keep(Condition::read(&expression)).map(ActionKind::If)
        }
        other => {
            let other: String = other.chars().take(QUOTED_MAX).collect();
            errors.push(kind.refuse(&format!("the action type '{other}' is not supported"), remedy));
            None
        }
    }
}

fn connector_call(inputs: &Node<'_>, errors: &mut Collected) -> Option<ConnectorCall> {
    errors.keep(inputs.only(&["host", "parameters", "authentication", "retryPolicy"]))?;
    let host = errors.keep(inputs.required("host", "give apiId, connectionName and operationId"));
    let host = host.and_then(|host| host_of(&host, errors));
    if let Some(authentication) = inputs.optional("authentication") {
        // The engine sets it at run time; a maker never writes another value.
        let written = authentication.value();
        let filled_by_engine =
            written.as_str().is_some_and(|text| text.starts_with("@parameters('$authentication')"));
        if !filled_by_engine {
            errors.push(authentication.refuse(
                "a definition must not contain credentials",
                "write \"@parameters('$authentication')\" or leave it out",
            ));
        }
    }
    let mut parameters = Vec::new();
    if let Some(written) = inputs.optional("parameters") {
        for (name, value) in errors.keep(written.members()).unwrap_or_default() {
            parameters.extend(templates_in(&value, errors).map(|template| (name, template)));
        }
    }
    let retry = inputs.optional("retryPolicy").and_then(|policy| errors.keep(retry_policy::read(&policy)));
    let (api, reference, operation) = host?;
    Some(ConnectorCall { api, reference, operation, parameters, retry: retry.unwrap_or_default() })
}

/// Returns the connector, the reference and the operation of a call.
fn host_of(host: &Node<'_>, errors: &mut Collected) -> Option<(String, String, String)> {
    errors.keep(host.only(&["apiId", "connectionName", "operationId"]))?;
    let mut required = |member: &str, remedy: &str| {
        errors.keep(host.required(member, remedy).and_then(|node| {
            limits::name(&node, node.text()?)?;
            Ok(node.text()?.to_owned())
        }))
    };
    let reference = required("connectionName", "name a key of connectionReferences");
    let operation = required("operationId", "name an operation of the connector");
    let api = host
        .required("apiId", "write /providers/Microsoft.PowerApps/apis/<connector>")
        .and_then(|node| references::api_name(&node));
    Some((errors.keep(api)?, reference?, operation?))
}

fn run_after(node: &Node<'_>, errors: &mut Collected) -> Vec<(String, StatusSet)> {
    let Some(written) = node.optional("runAfter") else { return Vec::new() };
    let members = errors.keep(written.members()).unwrap_or_default();
    members
        .into_iter()
        .filter_map(|(name, statuses)| Some((name, errors.keep(status_set(&statuses))?)))
        .collect()
}

fn status_set(statuses: &Node<'_>) -> Result<StatusSet, DefinitionError> {
    let mut set = StatusSet::default();
    for status in statuses.elements()? {
        let remedy = "use Succeeded, Failed, Skipped or TimedOut";
        let Some(known) = ActionStatus::for_run_after(status.text()?) else {
            return Err(status.refuse("this is not a status that runAfter can have", remedy));
        };
        set = set.with(known);
    }
    if set == StatusSet::default() {
        return Err(statuses.refuse("no status is given", "write [\"Succeeded\"]"));
    }
    Ok(set)
}
