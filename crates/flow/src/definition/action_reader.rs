//! Parses the actions of a flow, including nested ones.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::action::{Action, ActionKind, ConnectorCall, Scope, StatusSet};
use super::condition::{Condition, template};
use super::limits::{self, ACTIONS_MAX, NESTING_MAX};
use super::node::{Node, QUOTED_MAX};
use super::refusal::DefinitionError;
use super::{order, references, retry_policy};
use crate::expression::Template;
use crate::status::ActionStatus;

/// An action whose `runAfter` is not yet resolved.
struct Read<'a> {
    node: Node<'a>,
    action: Action,
    after: Vec<(String, StatusSet)>,
}

/// Parses the actions of a definition.
pub(super) struct Reader<'a> {
    parameters: BTreeSet<String>,
    read: Vec<Read<'a>>,
    places: HashMap<String, usize>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(parameters: BTreeSet<String>) -> Self {
        Self { parameters, read: Vec::new(), places: HashMap::new() }
    }

    /// Parses a map of actions, including those inside conditions.
    pub(super) fn read(
        &mut self,
        actions: &Node<'a>,
        scope: Scope,
        depth: usize,
    ) -> Result<(), DefinitionError> {
        let members = actions.members()?;
        if depth > NESTING_MAX && !members.is_empty() {
            return Err(
                actions.refuse(&format!("actions are nested deeper than {NESTING_MAX}"), "flatten the flow")
            );
        }
        for (name, node) in members {
            limits::name(&node, &name)?;
            if self.read.len() >= ACTIONS_MAX {
                return Err(
                    node.refuse(&format!("there are more than {ACTIONS_MAX} actions"), "split the flow")
                );
            }
            let place = self.read.len();
            if self.places.insert(name.clone(), place).is_some() {
                return Err(
                    node.refuse("another action has this name", "give every action in the flow its own name")
                );
            }
            let kind = kind(&node)?;
            self.check_parameters(&node, &kind)?;
            let is_condition = matches!(kind, ActionKind::If(_));
            let after = run_after(&node)?;
            self.read.push(Read {
                node: node.clone(),
                action: Action { name, scope, run_after: Vec::new(), kind },
                after,
            });
            if is_condition {
                if let Some(then) = node.optional("actions") {
                    self.read(&then, Scope::Branch { condition: place, then: true }, depth + 1)?;
                }
                if let Some(otherwise) = node.optional("else") {
                    otherwise.only(&["actions"])?;
                    if let Some(actions) = otherwise.optional("actions") {
                        self.read(&actions, Scope::Branch { condition: place, then: false }, depth + 1)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn check_parameters(&self, node: &Node<'_>, kind: &ActionKind) -> Result<(), DefinitionError> {
        let unknown = templates(kind)
            .into_iter()
            .flat_map(Template::parameter_names)
            .find(|name| !self.parameters.contains(*name));
        match unknown {
            None => Ok(()),
            Some(name) => Err(node.refuse(
                &format!("there is no parameter '{}'", name.chars().take(QUOTED_MAX).collect::<String>()),
                "declare it in properties.definition.parameters",
            )),
        }
    }

    /// Resolves names, checks references, and orders the actions.
    pub(super) fn finish(mut self) -> Result<Vec<Action>, DefinitionError> {
        for place in 0..self.read.len() {
            let one = &self.read[place];
            let mut run_after = Vec::with_capacity(one.after.len());
            for (name, statuses) in &one.after {
                let at = format!(".runAfter.{}", name.chars().take(QUOTED_MAX).collect::<String>());
                let before =
                    self.places.get(name).copied().filter(|p| self.read[*p].action.scope == one.action.scope);
                let Some(before) = before else {
                    return Err(one.node.refuse_at(
                        &at,
                        "there is no such action on this level",
                        "name an action of the same level",
                    ));
                };
                if before == place {
                    return Err(one.node.refuse_at(&at, "an action cannot wait for itself", "remove it"));
                }
                run_after.push((before, *statuses));
            }
            for name in templates(&one.action.kind).into_iter().flat_map(Template::action_names) {
                if self.places.get(name).is_none_or(|p| *p == place) {
                    let quoted: String = name.chars().take(QUOTED_MAX).collect();
                    return Err(one.node.refuse(
                        &format!("an expression refers to the action '{quoted}', which is not another action of this flow"),
                        "name an action that runs before; names are case-sensitive and contain _ instead of spaces",
                    ));
                }
            }
            self.read[place].action.run_after = run_after;
        }
        let order =
            order::of(&self.read.iter().map(|one| &one.action).collect::<Vec<_>>()).map_err(|place| {
                self.read[place].node.refuse("the runAfter conditions form a circle", "remove one of them")
            })?;
        Ok(order::apply(self.read.into_iter().map(|one| one.action).collect(), &order))
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

fn kind(node: &Node<'_>) -> Result<ActionKind, DefinitionError> {
    let remedy = "use OpenApiConnection, Compose or If";
    let kind = node.required("type", remedy)?;
    match kind.text()? {
        "OpenApiConnection" => {
            node.only(&[&COMMON[..], &["inputs"]].concat())?;
            Ok(ActionKind::OpenApiConnection(connector_call(
                &node.required("inputs", "give host and parameters")?,
            )?))
        }
        "Compose" => {
            node.only(&[&COMMON[..], &["inputs"]].concat())?;
            node.object()?;
            let null = Value::Null;
            let inputs = node.value().get("inputs").unwrap_or(&null);
            Template::read(inputs).map(ActionKind::Compose).map_err(|(below, error)| {
                node.refuse_at(
                    &format!(".inputs{below}"),
                    &format!("this is not an expression ({error})"),
                    "correct it, or write @@ for a plain @",
                )
            })
        }
        "If" => {
            node.only(&[&COMMON[..], &["expression", "actions", "else"]].concat())?;
            Ok(ActionKind::If(Condition::read(&node.required("expression", "give the condition")?)?))
        }
        other => {
            let other: String = other.chars().take(QUOTED_MAX).collect();
            Err(kind.refuse(&format!("the action type '{other}' is not supported"), remedy))
        }
    }
}

fn connector_call(inputs: &Node<'_>) -> Result<ConnectorCall, DefinitionError> {
    inputs.only(&["host", "parameters", "authentication", "retryPolicy"])?;
    let host = inputs.required("host", "give apiId, connectionName and operationId")?;
    host.only(&["apiId", "connectionName", "operationId"])?;
    let required = |member: &str, remedy: &str| -> Result<String, DefinitionError> {
        let node = host.required(member, remedy)?;
        limits::name(&node, node.text()?)?;
        Ok(node.text()?.to_owned())
    };
    let api = references::api_name(
        &host.required("apiId", "write /providers/Microsoft.PowerApps/apis/<connector>")?,
    )?;
    let reference = required("connectionName", "name a key of connectionReferences")?;
    let operation = required("operationId", "name an operation of the connector")?;
    if let Some(authentication) = inputs.optional("authentication") {
        // The engine sets it at run time; a maker never writes another value.
        let written = authentication.value();
        let filled_by_engine =
            written.as_str().is_some_and(|text| text.starts_with("@parameters('$authentication')"));
        if !filled_by_engine {
            return Err(authentication.refuse(
                "a definition must not contain credentials",
                "write \"@parameters('$authentication')\" or leave it out",
            ));
        }
    }
    let mut parameters = Vec::new();
    if let Some(written) = inputs.optional("parameters") {
        for (name, value) in written.members()? {
            parameters.push((name, template(&value)?));
        }
    }
    let retry = inputs.optional("retryPolicy").map(|policy| retry_policy::read(&policy)).transpose()?;
    Ok(ConnectorCall { api, reference, operation, parameters, retry: retry.unwrap_or_default() })
}

fn run_after(node: &Node<'_>) -> Result<Vec<(String, StatusSet)>, DefinitionError> {
    let Some(written) = node.optional("runAfter") else { return Ok(Vec::new()) };
    let mut list = Vec::new();
    for (name, statuses) in written.members()? {
        let mut set = StatusSet::default();
        for status in statuses.elements()? {
            let remedy = "use Succeeded, Failed, Skipped or TimedOut";
            let text = status.text()?;
            let Some(known) = ActionStatus::for_run_after(text) else {
                return Err(status.refuse("this is not a status that runAfter can have", remedy));
            };
            set = set.with(known);
        }
        if set == StatusSet::default() {
            return Err(statuses.refuse("no status is given", "write [\"Succeeded\"]"));
        }
        list.push((name, set));
    }
    Ok(list)
}
