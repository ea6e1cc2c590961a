//! Triggers: a recurrence, a request, or a connector's event.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::action::CallSite;
use super::condition::{self, Condition};
use super::connector_call;
use super::http_call;
use super::limits;
use super::literals;
use super::node::{Node, QUOTED_MAX};
use super::poll_call::PollCall;
use super::recurrence_reader;
use super::refusal::Collected;
use super::request_trigger::RequestTrigger;
use super::settings::{self, Concurrency, Hidden, Settings};
use super::template_reader::templates_in;
use super::unsupported;
use super::webhook::{self, WebhookCall};
use crate::expression::{ACTION_FUNCTIONS, Template};
use crate::recurrence::Recurrence;

/// The trigger of a definition.
#[derive(Clone, Debug)]
pub(crate) struct Trigger {
    /// Its name (`Recurrence`, `manual`).
    pub name: String,
    pub kind: TriggerKind,
    /// The array with an item for each run.
    pub split_on: Option<Template>,
    /// The conditions under which it fires.
    pub conditions: Vec<Condition>,
    /// The tracking id that its runs have in place of their name.
    pub tracking_id: Option<Template>,
    /// The maximum number of runs that have not ended; the others wait.
    pub concurrency: Option<Concurrency>,
    pub hidden: Hidden,
}

#[derive(Clone, Debug)]
pub(crate) enum TriggerKind {
    Recurrence(Recurrence),
    /// A manual request; `kind` is `Button`, `Http`, `PowerAppV2` …
    Request(Box<RequestTrigger>),
    /// Asks a connector for events.
    Poll {
        recurrence: Recurrence,
        call: Box<PollCall>,
    },
    /// Subscribes to events; `None` if its inputs are not those of a call that subscribes.
    Webhook(Option<Box<WebhookCall>>),
}

const COMMON: [&str; 14] = [
    "type",
    "kind",
    "inputs",
    "recurrence",
    "evaluatedRecurrence",
    "metadata",
    "description",
    "runtimeConfiguration",
    "operationOptions",
    "splitOn",
    "splitOnConfiguration",
    "conditions",
    "correlation",
    "trackedProperties",
];

/// Functions, besides those that name an action, that read what only a run has.
const OF_RUNS: [&str; 5] = ["variables", "item", "items", "iterationIndexes", "action"];

impl Trigger {
    /// Whether looking for events can fail.
    pub(crate) fn can_fail(&self) -> bool {
        matches!(self.kind, TriggerKind::Poll { .. })
            || self.split_on.is_some()
            || !self.conditions.is_empty()
            || self.tracking_id.is_some()
    }

    /// Returns when it is due, if it is due by time.
    pub(crate) const fn recurrence(&self) -> Option<&Recurrence> {
        match &self.kind {
            TriggerKind::Recurrence(recurrence) | TriggerKind::Poll { recurrence, .. } => Some(recurrence),
            TriggerKind::Request(_) | TriggerKind::Webhook(_) => None,
        }
    }

    /// Returns the operation that it calls, to be checked with those of the actions.
    pub(super) fn call_site(&self, triggers: &Node<'_>) -> Option<CallSite> {
        let call = match &self.kind {
            TriggerKind::Poll { call, .. } => &**call,
            TriggerKind::Webhook(Some(call)) => &call.subscribe,
            _ => return None,
        };
        let PollCall::Operation(call) = call else { return None };
        Some(CallSite {
            action: self.name.clone(),
            api: call.api.clone(),
            operation: call.operation.clone(),
            path: format!("{}.{}.inputs.host.operationId", triggers.path(), self.name),
        })
    }

    /// Returns the templates that decide whether it fires.
    pub(super) fn templates(&self) -> Vec<&Template> {
        let mut templates: Vec<_> = self.split_on.iter().collect();
        templates.extend(self.conditions.iter().flat_map(Condition::templates));
        match &self.kind {
            TriggerKind::Poll { call, .. } => templates.extend(call.templates()),
            TriggerKind::Webhook(Some(call)) => templates.extend(call.templates()),
            _ => {}
        }
        templates
    }

    /// Records the parameters that its expressions name and that are not declared.
    pub(super) fn check_parameters(
        &self,
        triggers: &Node<'_>,
        declared: &BTreeMap<String, Value>,
        errors: &mut Collected,
    ) {
        let templates = self.templates().into_iter().chain(&self.tracking_id);
        let templates: Vec<_> = templates.collect();
        self.check_reads(triggers, &templates, errors);
        let names: BTreeSet<_> = templates.into_iter().flat_map(Template::parameter_names).collect();
        for name in names.into_iter().filter(|name| !declared.contains_key(*name)) {
            let quoted: String = name.chars().take(QUOTED_MAX).collect();
            let error = triggers.refuse_at(
                &format!(".{}", self.name),
                &format!("there is no parameter '{quoted}'"),
                "declare it in properties.definition.parameters",
            );
            match self.kind {
                // Earlier versions did not read the inputs.
                TriggerKind::Webhook(_) => errors.keep_new(Err(error)),
                _ => errors.push(error),
            }
        }
    }

    /// Records what its expressions read of a run, which does not exist when it fires.
    fn check_reads(&self, triggers: &Node<'_>, templates: &[&Template], errors: &mut Collected) {
        let references = templates.iter().flat_map(|template| template.references());
        let is_of_run = |function: &str| OF_RUNS.contains(&function) || ACTION_FUNCTIONS.contains(&function);
        let found: BTreeSet<_> = references.map(|one| one.function).filter(|name| is_of_run(name)).collect();
        for function in found {
            errors.keep_new(Err(triggers.refuse_at(
                &format!(".{}", self.name),
                &format!("{function}() has no value before the run starts"),
                "use triggerBody(), triggerOutputs() or parameters()",
            )));
        }
    }

    /// Reads the only trigger, or records all that is wrong with it.
    pub(super) fn read(triggers: &Node<'_>, errors: &mut Collected) -> Option<Self> {
        let mut members = errors.keep(triggers.members())?;
        if members.len() != 1 {
            let what = format!("a flow has one trigger, not {}", members.len());
            errors.push(triggers.refuse(&what, "keep one trigger"));
            return None;
        }
        let (name, node) = members.swap_remove(0);
        errors.keep(limits::name(&node, &name));
        errors.keep_new(limits::addressable(&node, &name));
        let written = errors.keep(node.required("type", "use Recurrence or Request"))?;
        let text = errors.keep(written.text())?;
        let mut settings = Settings::default();
        let concurrency =
            settings::runtime_configuration(&node, true, &mut settings, &BTreeMap::new(), errors);
        literals::array(&node, "splitOn", errors);
        let split_on = node.optional("splitOn").and_then(|split| templates_in(&split, errors));
        let conditions = conditions(&node, errors);
        let tracking_id = node.optional("correlation").and_then(|correlation| {
            errors.keep(correlation.only(&["clientTrackingId"]))?;
            literals::strings(&correlation, &["clientTrackingId"], errors);
            correlation.optional("clientTrackingId").and_then(|id| templates_in(&id, errors))
        });
        let lower = text.to_ascii_lowercase();
        let kind = match lower.as_str() {
            "recurrence" => {
                errors.keep(node.only(&COMMON));
                let recurrence = node.required("recurrence", "give frequency and interval");
                let recurrence = errors.keep(recurrence);
                recurrence
                    .and_then(|node| recurrence_reader::read(&node, errors))
                    .map(TriggerKind::Recurrence)
            }
            "request" => {
                errors.keep(node.only(&COMMON));
                let mut new = Collected::default();
                let read = RequestTrigger::read(&node, &mut new);
                errors.extend_new(new);
                Some(TriggerKind::Request(Box::new(read)))
            }
            "openapiconnection" | "apiconnection" | "http" => {
                errors.keep(node.only(&COMMON));
                poll(&node, &lower, errors)
            }
            "openapiconnectionwebhook"
            | "apiconnectionwebhook"
            | "openapiconnectionnotification"
            | "apiconnectionnotification"
            | "httpwebhook" => {
                errors.keep(node.only(&COMMON));
                let inputs = errors.keep(node.required("inputs", "give host and parameters"));
                let subscribes = !lower.ends_with("notification");
                inputs.map(|inputs| {
                    let call = subscribes.then(|| webhook::read(&lower, &inputs, errors)).flatten();
                    TriggerKind::Webhook(call.map(Box::new))
                })
            }
            other => {
                let quoted: String = text.chars().take(QUOTED_MAX).collect();
                let remedy = unsupported::trigger_remedy(other);
                errors.push(written.refuse(&format!("the trigger type '{quoted}' is not supported"), remedy));
                None
            }
        };
        let hidden = settings.hidden;
        Some(Self { name, kind: kind?, split_on, conditions, tracking_id, concurrency, hidden })
    }
}

fn conditions(node: &Node<'_>, errors: &mut Collected) -> Vec<Condition> {
    let written = node.optional("conditions").map(|conditions| errors.keep(conditions.elements()));
    let mut list = Vec::new();
    for written in written.flatten().unwrap_or_default() {
        let expression = written
            .only(&["expression", "dependsOn"])
            .and_then(|()| written.required("expression", "give the condition"));
        let expression = errors.keep(expression);
        list.extend(expression.and_then(|expression| condition::read(&expression, errors)));
    }
    list
}

fn poll(node: &Node<'_>, kind: &str, errors: &mut Collected) -> Option<TriggerKind> {
    let recurrence = match node.optional("recurrence") {
        Some(written) => recurrence_reader::read(&written, errors),
        // The platform decides how often it asks.
        None => Some(Recurrence::default()),
    };
    let inputs = errors.keep(node.required("inputs", "give the operation to call"))?;
    let call = match kind {
        "apiconnection" => connector_call::read_request(&inputs, errors).map(PollCall::Request),
        "http" => http_call::read(&inputs, errors).map(PollCall::Http),
        _ => connector_call::read_operation(&inputs, errors).map(PollCall::Operation),
    };
    Some(TriggerKind::Poll { recurrence: recurrence?, call: Box::new(call?) })
}
