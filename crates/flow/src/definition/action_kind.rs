//! Parses one action: its type, inputs and settings.

use std::collections::BTreeMap;

use serde_json::Value;

use super::action::ActionKind;
use super::node::{Node, QUOTED_MAX};
use super::refusal::Collected;
use super::settings::{self, Settings, StaticResult};
use super::template_reader::templates_in;
use super::{
    condition, connector_call, control_action, data_action, expression_action, http_call, unsupported,
    variable_action, webhook,
};

/// The kind of an action, and its settings.
pub(super) struct ReadKind {
    pub(super) kind: ActionKind,
    pub(super) settings: Settings,
}

const COMMON: [&str; 10] = [
    "type",
    "kind",
    "runAfter",
    "metadata",
    "description",
    "runtimeConfiguration",
    "operationOptions",
    "trackedProperties",
    "limit",
    "inputs",
];

/// The members that an action of this type can have, besides the common ones.
fn members_of(kind: &str) -> &'static [&'static str] {
    match kind {
        "scope" => &["actions"],
        "if" => &["expression", "actions", "else"],
        "switch" => &["expression", "cases", "default"],
        "foreach" => &["foreach", "actions"],
        "until" => &["expression", "actions"],
        _ => &[],
    }
}

/// Returns the kind of an action with its inputs, or records all that is wrong with them.
pub(super) fn read(
    node: &Node<'_>,
    results: &BTreeMap<String, StaticResult>,
    errors: &mut Collected,
) -> Option<ReadKind> {
    let written = errors.keep(node.required("type", "give the type of the action"))?;
    let name = errors.keep(written.text())?;
    let lower = name.to_ascii_lowercase();
    let mut settings = Settings::default();
    let concurrency = settings::runtime_configuration(node, false, &mut settings, results, errors);
    settings.is_synchronous = settings::has_option(node, "DisableAsyncPattern");
    if let Some(kind) = errors.keep(Ok(node.optional("kind"))).flatten() {
        errors.keep(kind.text());
    }
    if let Some(remedy) = unsupported::remedy(&lower) {
        let kind = name.chars().take(QUOTED_MAX).collect();
        return Some(ReadKind { kind: ActionKind::Unavailable { kind, remedy }, settings });
    }
    errors.keep(node.only(&[&COMMON[..], members_of(&lower)].concat()));
    if concurrency.is_some() && lower != "foreach" {
        errors.push(node.refuse_at(
            ".runtimeConfiguration.concurrency",
            "only a Foreach has iterations",
            "remove it",
        ));
    }
    if lower != "until" {
        let may_time_out = !matches!(lower.as_str(), "scope" | "if" | "switch" | "foreach");
        settings::limit_and_tracking(node, may_time_out, &mut settings, errors);
    }
    let kind = match lower.as_str() {
        "openapiconnection" => {
            connector_call::read_operation(&inputs(node, errors)?, errors).map(ActionKind::OpenApiConnection)
        }
        "apiconnection" => {
            connector_call::read_request(&inputs(node, errors)?, errors).map(ActionKind::ApiConnection)
        }
        "openapiconnectionwebhook" | "apiconnectionwebhook" | "httpwebhook" => {
            let inputs = inputs(node, errors)?;
            Some(webhook::read(&lower, &inputs, errors).map_or_else(
                || ActionKind::Unavailable {
                    kind: name.chars().take(QUOTED_MAX).collect(),
                    remedy: "its inputs are not those of a call that subscribes; give it a static result",
                },
                |call| ActionKind::Webhook(Box::new(call)),
            ))
        }
        "http" => http_call::read(&inputs(node, errors)?, errors).map(Box::new).map(ActionKind::Http),
        "compose" => {
            let null = Value::Null;
            let value = node.value().get("inputs").unwrap_or(&null);
            templates_in(&Node::new(format!("{}.inputs", node.path()), value), errors)
                .map(ActionKind::Compose)
        }
        "expression" => expression_action::read(node, errors),
        "parsejson" => data_action::parse_json(&inputs(node, errors)?, errors),
        "select" => data_action::select(&inputs(node, errors)?, errors),
        "query" => data_action::query(&inputs(node, errors)?, errors),
        "join" => data_action::join(&inputs(node, errors)?, errors),
        "table" => data_action::table(&inputs(node, errors)?, errors),
        "initializevariable" => variable_action::initialize(&inputs(node, errors)?, errors),
        "setvariable"
        | "incrementvariable"
        | "decrementvariable"
        | "appendtoarrayvariable"
        | "appendtostringvariable" => variable_action::change(&lower, &inputs(node, errors)?, errors),
        "wait" => control_action::wait(&inputs(node, errors)?, errors),
        "response" => control_action::response(&inputs(node, errors)?, errors),
        "terminate" => control_action::terminate(&inputs(node, errors)?, errors),
        "scope" => Some(ActionKind::Scope),
        "if" => {
            let expression = errors.keep(node.required("expression", "give the condition"))?;
            condition::read(&expression, errors).map(ActionKind::If)
        }
        "switch" => control_action::switch(node, errors),
        "foreach" => control_action::foreach(node, concurrency, errors),
        "until" => control_action::until(node, errors),
        _ => {
            let quoted: String = name.chars().take(QUOTED_MAX).collect();
            let what = format!("the action type '{quoted}' is not supported");
            errors.push(written.refuse(&what, unsupported::KNOWN));
            None
        }
    };
    kind.map(|kind| ReadKind { kind, settings })
}

fn inputs<'a>(node: &Node<'a>, errors: &mut Collected) -> Option<Node<'a>> {
    errors.keep(node.required("inputs", "give the inputs of the action"))
}
