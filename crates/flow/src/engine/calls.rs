//! Evaluates the inputs of calls.

use serde_json::{Map, Value, json};

use super::asynchronous::{poll_of, poll_through};
use super::facts::View;
use super::http_request;
use super::inputs::{ApiRequest, CallInputs, Evaluated};
use super::place::Spot;
use super::record::{ActionRecord, Failure};
use super::stepper::{Engine, Step};
use crate::definition::{Action, ActionKind, ApiCall, ConnectionName, ConnectorCall, PollCall};
use crate::expression::EvaluationError;
use crate::status::ActionStatus;

impl<'d> Engine<'d, '_> {
    /// Evaluates the inputs of a call.
    pub(super) fn call(&mut self, at: Spot, action: &'d Action, record: ActionRecord) -> Step<'d> {
        let evaluated = match &action.kind {
            ActionKind::OpenApiConnection(call) => operation(call, &self.view(at.frame)),
            ActionKind::ApiConnection(call) => request(call, &self.view(at.frame)),
            ActionKind::Http(call) => http_request::evaluate(call, &self.view(at.frame)),
            _ => return Step::Idle,
        };
        self.begin_call(at, action, record, evaluated)
    }

    /// Stores the evaluated inputs of a call, or the failure of their evaluation.
    pub(super) fn begin_call(
        &mut self,
        at: Spot,
        action: &'d Action,
        mut record: ActionRecord,
        evaluated: Evaluated<'d>,
    ) -> Step<'d> {
        match evaluated {
            Ok((inputs, call)) => {
                record.inputs = Some(inputs);
                self.state.store(at, record);
                // Inputs that are too large are a failure.
                let is_stored = self.state.status(at) == Some(ActionStatus::Running);
                if is_stored { Step::Call(at, call) } else { Step::Progress }
            }
            Err(error) => {
                record.end(Err(Failure::template(&action.name, &error)), self.now());
                self.state.store(at, record);
                Step::Progress
            }
        }
    }

    /// A retry sends the inputs of the first attempt.
    pub(super) fn call_again(&mut self, at: Spot, action: &'d Action) -> Step<'d> {
        if let ActionKind::Webhook(call) = &action.kind {
            let Some(record) = self.state.record(at).cloned() else { return Step::Idle };
            return self.subscribe(at, action, call, record);
        }
        let Some(record) = self.state.record_mut(at) else { return Step::Idle };
        record.status = ActionStatus::Running;
        record.retry_due = None;
        let location = record.location.clone();
        let inputs = record.inputs.as_ref();
        let lost = || EvaluationError("the inputs of the first attempt are not recorded".to_owned());
        let again = match &action.kind {
            ActionKind::OpenApiConnection(call) if location.is_some() => {
                Ok(poll_through(&call.reference, &location.unwrap_or_default()))
            }
            ActionKind::ApiConnection(_) if location.is_some() => inputs
                .and_then(restore)
                .map(|request| poll_through(&request.reference, &location.unwrap_or_default()))
                .ok_or_else(lost),
            ActionKind::OpenApiConnection(call) => {
                let parameters =
                    inputs.and_then(|inputs| inputs.get("parameters")).and_then(Value::as_object);
                let parameters = parameters.cloned().unwrap_or_default();
                Ok(CallInputs::Operation { call, parameters, callback: None })
            }
            ActionKind::ApiConnection(_) => {
                inputs.and_then(restore).map(CallInputs::Request).ok_or_else(lost)
            }
            // The credential is not recorded, so everything is evaluated again.
            ActionKind::Http(call) => {
                let request = http_request::request(call, &self.view(at.frame));
                request.map(|request| match location {
                    Some(location) => CallInputs::Http(poll_of(request, &location)),
                    None => CallInputs::Http(request),
                })
            }
            _ => Err(lost()),
        };
        match again {
            Ok(inputs) => Step::Call(at, inputs),
            Err(error) => {
                let now = self.now();
                if let Some(record) = self.state.record_mut(at) {
                    record.end(Err(Failure::template(&action.name, &error)), now);
                }
                Step::Progress
            }
        }
    }
}

/// Evaluates how a connector is asked for events.
pub(super) fn poll<'d>(
    call: &'d PollCall,
    cursor: Option<&str>,
    view: &View<'_>,
) -> Result<CallInputs<'d>, EvaluationError> {
    if let Some(cursor) = cursor {
        return match call {
            PollCall::Operation(call) => Ok(poll_through(&call.reference, cursor)),
            PollCall::Request(call) => match request(call, view)? {
                (_, CallInputs::Request(request)) => Ok(poll_through(&request.reference, cursor)),
                (_, other) => Ok(other),
            },
            PollCall::Http(call) => {
                http_request::request(call, view).map(|request| CallInputs::Http(poll_of(request, cursor)))
            }
        };
    }
    first_poll(call, view).map(|(_, call)| call)
}

/// Evaluates a call, with its inputs for the run history.
pub(super) fn first_poll<'d>(call: &'d PollCall, view: &View<'_>) -> Evaluated<'d> {
    match call {
        PollCall::Operation(call) => operation(call, view),
        PollCall::Request(call) => request(call, view),
        PollCall::Http(call) => http_request::evaluate(call, view),
    }
}

/// Returns the connection reference of a call.
pub(super) fn reference(call: &PollCall, view: &View<'_>) -> Option<String> {
    match call {
        PollCall::Operation(call) => Some(call.reference.clone()),
        PollCall::Request(call) => match request(call, view) {
            Ok((_, CallInputs::Request(request))) => Some(request.reference),
            _ => None,
        },
        PollCall::Http(_) => None,
    }
}

fn operation<'d>(call: &'d ConnectorCall, view: &View<'_>) -> Evaluated<'d> {
    let mut parameters = Map::new();
    for (name, template) in &call.parameters {
        parameters.insert(name.clone(), template.evaluate(view)?);
    }
    let inputs = json!({
        "host": {"apiId": format!("/providers/Microsoft.PowerApps/apis/{}", call.api),
                 "connectionName": call.reference, "operationId": call.operation},
        "parameters": parameters,
    });
    Ok((inputs, CallInputs::Operation { call, parameters, callback: None }))
}

fn request<'d>(call: &ApiCall, view: &View<'_>) -> Evaluated<'d> {
    let refuse = |what: &str| EvaluationError(what.to_owned());
    let reference = match &call.connection {
        ConnectionName::Reference(key) => key.clone(),
        ConnectionName::Id(template) => {
            let id = template.evaluate(view)?;
            let id = id.as_str().ok_or_else(|| refuse("the id of the connection is not a string"))?;
            let key = view.definition.connections.key_of(id);
            let unknown = || refuse("the id of the connection is not that of one of connectionReferences");
            key.ok_or_else(unknown)?.to_owned()
        }
    };
    let path = call.path.evaluate(view)?;
    let path = path.as_str().ok_or_else(|| refuse("the path is not a string"))?.to_owned();
    let mut queries = Map::new();
    for (name, template) in &call.queries {
        queries.insert(name.clone(), template.evaluate(view)?);
    }
    let headers = match call.headers.as_ref().map(|template| template.evaluate(view)).transpose()? {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(headers)) => headers,
        Some(_) => return Err(refuse("the headers are not an object")),
    };
    let body = call.body.as_ref().map(|template| template.evaluate(view)).transpose()?;
    let request = ApiRequest { reference, method: call.method.to_string(), path, queries, headers, body };
    let mut inputs = json!({
        "host": {"connection": {"referenceName": request.reference}},
        "method": request.method, "path": request.path,
    });
    let optional = [
        ("queries", Some(&request.queries).filter(|map| !map.is_empty()).map(|map| json!(map))),
        ("headers", Some(&request.headers).filter(|map| !map.is_empty()).map(|map| json!(map))),
        ("body", request.body.clone()),
    ];
    for (member, value) in optional {
        if let Some(value) = value {
            inputs[member] = value;
        }
    }
    Ok((inputs, CallInputs::Request(request)))
}

/// Reads a request back from the recorded inputs.
fn restore(inputs: &Value) -> Option<ApiRequest> {
    let reference = inputs.pointer("/host/connection/referenceName")?;
    let mut request = inputs.clone();
    request["reference"] = reference.clone();
    serde_json::from_value(request).ok()
}
