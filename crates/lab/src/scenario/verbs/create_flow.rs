//! The verb `create_flow`.

use outlive_clock::Span;
use serde::Deserialize;
use serde_json::{Value, json};
use serde_saphyr::Spanned;

use super::{Verb, default_text};
use crate::diagnostic::Position;
use crate::maker::{NewFlow, RuntimeSource};
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::result::Check;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{ScenarioFlow, StepError, World};

/// A user creates a flow and starts it. Without `definition` it recurs every `every` and calls one
/// operation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateFlow {
    /// The flow's name in this scenario.
    name: Spanned<String>,
    /// The user's role.
    owner: Spanned<String>,
    /// The connection it uses, if it uses one.
    connection: Option<Spanned<String>>,
    /// Whose connection it uses: `embedded`, its owner's; or `invoker`, one that a run-only user
    /// provides (`connection` of `run_flow`).
    #[serde(default)]
    runtime_source: RuntimeSource,
    /// The interval of its runs: a whole number of minutes, hours or days.
    every: Option<Spanned<Span>>,
    /// The operation it calls.
    #[serde(default = "list_orders")]
    operation: Spanned<String>,
    /// Its managed identities, as in an Azure resource: `{type: SystemAssigned}`.
    identity: Option<Value>,
    /// A workflow definition, instead of `every` and `operation`.
    definition: Option<Value>,
}

fn list_orders() -> Spanned<String> {
    default_text("ListOrders")
}

impl Verb for CreateFlow {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::User, &self.owner);
        if let Some(connection) = &self.connection {
            checker.must(Kind::Connection, connection);
        } else if self.definition.is_none() {
            checker.wrong("the flow has no connection to call", "give connection, or a whole definition");
        }
        if self.every.is_some() == self.definition.is_some() {
            let remedy = "give every (the interval of its runs), or a whole definition";
            checker.wrong("a flow needs exactly one of every and definition", remedy);
        }
        if let Some(every) = &self.every {
            let whole = Span::from_minutes(every.value.as_seconds() / 60) == every.value;
            if every.value <= Span::ZERO || !whole {
                let message = format!("a flow cannot run every {}", every.value);
                checker.wrong_at(
                    Position::of(every),
                    message,
                    "write a whole number of minutes, for example PT1H",
                );
            }
        }
        if self.runtime_source == RuntimeSource::Invoker && self.connection.is_none() {
            checker.wrong("the flow has no connection to provide", "give the connection of its owner");
        }
        let name = self.connection.as_ref().map_or("", |name| name.value.as_str());
        if let Some(connection) = checker.known.connections.get(name).copied() {
            let is_shared = checker.known.shares.contains(&(name, self.owner.value.as_str()));
            if connection.owner != self.owner.value && !is_shared {
                let message = format!("the connection '{name}' belongs to '{}'", connection.owner);
                checker.wrong_at(
                    Position::of(&self.owner),
                    message,
                    "let the connection's owner create the flow, or add a step share_connection before",
                );
            }
            if self.definition.is_none() {
                checker.operation(connection.connector, &self.operation);
            }
        }
        self.definition.iter().chain(&self.identity).for_each(|value| checker.json(value));
        checker.known.add(Kind::Flow, &self.name);
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let connection = match &self.connection {
            Some(name) => Some((name.value.as_str(), world.connection(&name.value)?)),
            None => None,
        };
        let definition = match (&self.definition, &self.every, &connection) {
            (Some(definition), ..) => world.fill_json(definition)?,
            (None, Some(every), Some((_, connection))) => {
                recurring(every.value, &connection.connector, &self.operation.value)
                    .ok_or_else(|| StepError(format!("{} is not a whole number of minutes", every.value)))?
            }
            (None, ..) => {
                return Err(StepError("the flow has neither a recurrence nor a definition".to_owned()));
            }
        };
        let identity = self.identity.as_ref().map(|identity| world.fill_json(identity)).transpose()?;
        let id = world.random.stream("scenario-flow-id").uuid().to_string();
        let now = world.now;
        let maker = world.maker(&self.owner.value)?;
        let flow = NewFlow {
            id: &id,
            display_name: &self.name.value,
            definition: &definition,
            connection: connection.as_ref().map(|(name, found)| (*name, found.connector.as_str())),
            runtime_source: self.runtime_source,
            identity: identity.as_ref(),
        };
        let created = maker.put_flow(now, &flow).await?;
        let state = created.pointer("/properties/state").and_then(Value::as_str).unwrap_or("none");
        recorder.note(format!("{} turns on the flow '{}'", maker.user().upn, self.name.value));
        recorder.check(Check::equal("flow state", "Started", state));
        world.flows.insert(self.name.value.clone(), ScenarioFlow { id, owner: self.owner.value.clone() });
        Ok(())
    }
}

impl Checker<'_> {
    /// Checks that a connector has an operation.
    fn operation(&mut self, connector: &str, operation: &Spanned<String>) {
        let Some(files) = self.seed.and_then(|seed| seed.connectors.get(connector)) else { return };
        let paths = files.swagger.get("paths").and_then(Value::as_object);
        let methods = paths.into_iter().flat_map(|paths| paths.values()).filter_map(Value::as_object);
        let operations = methods.flat_map(|methods| methods.values());
        let names: Vec<_> = operations.filter_map(|found| found.get("operationId")?.as_str()).collect();
        if !names.contains(&operation.value.as_str()) {
            let message = format!("{connector} has no operation '{}'", operation.value);
            self.wrong_at(Position::of(operation), message, format!("use one of: {}", names.join(", ")));
        }
    }
}

/// Returns a workflow definition that recurs and calls one operation of a connector.
fn recurring(every: Span, connector: &str, operation: &str) -> Option<Value> {
    let minutes = every.as_seconds() / 60;
    if minutes <= 0 || Span::from_minutes(minutes) != every {
        return None;
    }
    let (frequency, interval) = match minutes {
        minutes if minutes % 1_440 == 0 => ("Day", minutes / 1_440),
        minutes if minutes % 60 == 0 => ("Hour", minutes / 60),
        minutes => ("Minute", minutes),
    };
    Some(json!({
        "$schema": "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {
            "$connections": {"defaultValue": {}, "type": "Object"},
            "$authentication": {"defaultValue": {}, "type": "SecureObject"},
        },
        "triggers": {"Recurrence": {
            "type": "Recurrence", "recurrence": {"frequency": frequency, "interval": interval},
        }},
        "actions": {"Call": {
            "type": "OpenApiConnection",
            "runAfter": {},
            "inputs": {
                "host": {
                    "apiId": format!("/providers/Microsoft.PowerApps/apis/{connector}"),
                    "connectionName": connector,
                    "operationId": operation,
                },
                "parameters": {},
                "authentication": "@parameters('$authentication')",
            },
        }},
        "outputs": {},
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recurrence_uses_the_largest_whole_unit() {
        for (every, expected) in [
            (Span::from_minutes(90), Some(("Minute", 90))),
            (Span::from_hours(1), Some(("Hour", 1))),
            (Span::from_days(2), Some(("Day", 2))),
            (Span::from_seconds(90), None),
            (Span::ZERO, None),
        ] {
            let recurrence = recurring(every, "shared_x", "ListOrders")
                .map(|definition| definition["triggers"]["Recurrence"]["recurrence"].clone());
            let expected =
                expected.map(|(frequency, interval)| json!({"frequency": frequency, "interval": interval}));
            assert_eq!(recurrence, expected, "{every}");
        }
    }
}
