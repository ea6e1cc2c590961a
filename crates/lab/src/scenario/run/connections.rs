//! Steps that create, fix and check connections and flows.

use outlive_clock::Span;
use serde_json::{Value, json};

use super::recorder::StepRecorder;
use super::world::{ScenarioConnection, ScenarioFlow, StepError, World};
use crate::maker::{MakerError, NewFlow};
use crate::scenario::file::{ConnectionExpectation, CreateConnection, CreateFlow, FixConnection, FlowName};
use crate::scenario::result::Check;

impl World {
    pub(super) async fn create_connection(
        &mut self,
        step: &CreateConnection,
        recorder: &mut StepRecorder,
    ) -> Result<(), StepError> {
        let (name, owner, now) = (&step.name.value, &step.owner.value, self.now);
        let maker = self.maker(owner)?;
        let created = maker.put_connection(now, name, name, &step.connector.value).await?;
        recorder.check(Check::equal(
            "status before consent",
            "Error/token/Unauthenticated",
            status_of(&created),
        ));
        record_consent(maker.complete_consent(now, name).await, recorder)?;
        let connected = maker.connection(now, name).await?;
        recorder.note(format!(
            "{} creates the connection '{name}' and consents; the hub redeems the code and stores the tokens",
            maker.user().upn
        ));
        recorder.check(Check::equal("status after consent", "Connected", status_of(&connected)));
        let (owner, connector) = (owner.clone(), step.connector.value.clone());
        let connection = ScenarioConnection { owner, connector, id: id_of(&connected) };
        self.connections.insert(name.clone(), connection);
        Ok(())
    }

    pub(super) async fn fix_connection(
        &mut self,
        step: &FixConnection,
        recorder: &mut StepRecorder,
    ) -> Result<(), StepError> {
        let (name, now) = (&step.connection.value, self.now);
        let connection = self.connection(name)?;
        let maker = self.maker(&connection.owner)?;
        record_consent(maker.complete_consent(now, name).await, recorder)?;
        let fixed = maker.connection(now, name).await?;
        recorder.note(format!("{} consents for the connection '{name}' again", maker.user().upn));
        recorder.check(Check::equal("connection id", &connection.id, id_of(&fixed)));
        recorder.check(Check::equal("status after consent", "Connected", status_of(&fixed)));
        Ok(())
    }

    pub(super) async fn expect_connection(
        &mut self,
        step: &ConnectionExpectation,
        recorder: &mut StepRecorder,
    ) -> Result<(), StepError> {
        let (name, now) = (&step.connection.value, self.now);
        let owner = self.connection(name)?.owner;
        let connection = self.maker(&owner)?.connection(now, name).await?;
        let properties = connection.get("properties").unwrap_or(&Value::Null);
        let text = |pointer: &str| properties.pointer(pointer).and_then(Value::as_str).unwrap_or("none");
        recorder.note(format!("the hub reports '{name}' as {}", status_of(&connection)));
        recorder.check(Check::equal("overall status", &step.status.value, text("/overallStatus")));
        if let Some(target) = &step.target {
            recorder.check(Check::equal("target", target, text("/statuses/0/target")));
        }
        if let Some(code) = &step.code {
            recorder.check(Check::equal("code", code, text("/statuses/0/error/code")));
        }
        let message = text("/statuses/0/error/message");
        for part in &step.message_has {
            recorder.check(Check::holds("message", &self.fill(part)?, message));
        }
        if step.code.is_some() {
            recorder.explain(message.chars().take(600).collect::<String>());
        }
        Ok(())
    }

    pub(super) async fn create_flow(
        &mut self,
        step: &CreateFlow,
        recorder: &mut StepRecorder,
    ) -> Result<(), StepError> {
        let connection = self.connection(&step.connection.value)?;
        let definition = match (&step.definition, &step.every) {
            (Some(definition), _) => self.fill_json(definition)?,
            (None, Some(every)) => recurring(every.value, &connection.connector, &step.operation.value)
                .ok_or_else(|| StepError(format!("{} is not a whole number of minutes", every.value)))?,
            (None, None) => {
                return Err(StepError("the flow has neither a recurrence nor a definition".to_owned()));
            }
        };
        let id = self.random.stream("scenario-flow-id").uuid().to_string();
        let now = self.now;
        let maker = self.maker(&step.owner.value)?;
        maker.allow_flow(now, &step.connection.value, &id).await?;
        let flow = NewFlow {
            id: &id,
            display_name: &step.name.value,
            definition: &definition,
            connection: &step.connection.value,
            connector: &connection.connector,
        };
        let created = maker.put_flow(now, &flow).await?;
        let state = created.pointer("/properties/state").and_then(Value::as_str).unwrap_or("none");
        recorder.note(format!("{} turns on the flow '{}'", maker.user().upn, step.name.value));
        recorder.check(Check::equal("flow state", "Started", state));
        self.flows.insert(step.name.value.clone(), ScenarioFlow { id, owner: step.owner.value.clone() });
        Ok(())
    }

    pub(super) async fn post_flow_action(
        &mut self,
        step: &FlowName,
        verb: &str,
        words: &str,
        recorder: &mut StepRecorder,
    ) -> Result<(), StepError> {
        let (flow, now) = (self.flow(&step.flow.value)?, self.now);
        let maker = self.maker(&flow.owner)?;
        maker.post_flow_action(now, &flow.id, verb).await?;
        recorder.note(format!("{} {words} the flow '{}'", maker.user().upn, step.flow.value));
        Ok(())
    }
}

/// Records a consent. A refused sign-in is a failed check; any other error fails the step.
fn record_consent(result: Result<(), MakerError>, recorder: &mut StepRecorder) -> Result<(), StepError> {
    match result {
        Ok(()) => Ok(()),
        Err(error @ (MakerError::Consent(_) | MakerError::ConsentRefused(_))) => {
            recorder.check(Check::that("consent", "an authorization code", error.to_string(), false));
            Ok(())
        }
        Err(other) => Err(other.into()),
    }
}

/// Returns `Connected`, or `Error/<target>/<code>`.
fn status_of(connection: &Value) -> String {
    let text = |pointer: &str| connection.pointer(pointer).and_then(Value::as_str);
    let overall = text("/properties/overallStatus").unwrap_or("none");
    match (text("/properties/statuses/0/target"), text("/properties/statuses/0/error/code")) {
        (target, Some(code)) => format!("{overall}/{}/{code}", target.unwrap_or("none")),
        _ => overall.to_owned(),
    }
}

/// Returns the hub's id of a connection, as in journals: the last segment of its runtime URL.
fn id_of(connection: &Value) -> String {
    let url =
        connection.pointer("/properties/connectionRuntimeUrl").and_then(Value::as_str).unwrap_or_default();
    let last = url.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    last.parse::<uuid::Uuid>().map_or_else(|_| last.to_owned(), |id| id.to_string())
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

    #[test]
    fn reads_the_status_and_id_of_a_connection() {
        let connection = json!({"properties": {
            "overallStatus": "Error",
            "statuses": [{"status": "Error", "target": "token", "error": {"code": "Unauthorized", "message": "…"}}],
            "connectionRuntimeUrl": "http://127.0.0.1:8702/apim/shared_x/0123456789abcdef0123456789abcdef",
        }});
        assert_eq!(status_of(&connection), "Error/token/Unauthorized");
        assert_eq!(id_of(&connection), "01234567-89ab-cdef-0123-456789abcdef");
    }
}
