//! Begins actions: computes those that need nothing else, and evaluates the inputs of the others.

use outlive_clock::Instant;
use serde_json::{Value, json};

use super::place::Spot;
use super::record::{ActionRecord, Computed, Failure, Iterations};
use super::repeat::{ITEMS_MAX, not_an_array, too_many_items};
use super::state::SentResponse;
use super::stepper::{ACTIONS_PER_RUN_MAX, Engine, Step};
use super::{Ending, data};
use crate::definition::{Action, ActionKind, Branch, Response, StaticResult, VariableType, Wait, values};
use crate::expression::{EvaluationError, Template};
use crate::status::{ActionStatus, RunStatus};

impl<'d> Engine<'d, '_> {
    pub(super) fn begin(&mut self, at: Spot, action: &'d Action) -> Step<'d> {
        let now = self.now();
        let mut record = ActionRecord::started(&action.name, action.settings.hidden, now);
        if self.state.executed > ACTIONS_PER_RUN_MAX {
            let what =
                format!("The run has executed {ACTIONS_PER_RUN_MAX} actions and iterations, the maximum.");
            record.end(Err(Failure::new("RunActionsLimitExceeded", what)), now);
            self.state.store(at, record);
            return Step::Progress;
        }
        if let Some(result) = &action.settings.static_result {
            apply_static(&mut record, result, now);
            self.state.store(at, record);
            return Step::Progress;
        }
        match &action.kind {
            ActionKind::OpenApiConnection(_) | ActionKind::ApiConnection(_) | ActionKind::Http(_) => {
                return self.call(at, action, record);
            }
            ActionKind::Webhook(call) => return self.subscribe(at, action, call, record),
            ActionKind::Unavailable { kind, remedy } => {
                let what = format!("Actions of the type '{kind}' are not available: {remedy}.");
                record.end(Err(Failure::new("ActionNotAvailable", what)), now);
            }
            ActionKind::InitializeVariable(list) => {
                let computed = self.initialize(at.frame, &action.name, list);
                finish(&mut record, computed, now);
            }
            ActionKind::ChangeVariable { change, name, value } => {
                let computed = self.change(at.frame, &action.name, *change, name, value);
                finish(&mut record, computed, now);
            }
            ActionKind::Response(response) => {
                let computed = self.respond(at, &action.name, response);
                finish(&mut record, computed, now);
            }
            ActionKind::Terminate { status, code, message } => {
                match self.termination(at, action, *status, code.as_ref(), message.as_ref()) {
                    Ok((inputs, ending)) => {
                        record.inputs = Some(inputs);
                        record.end(Ok(None), now);
                        self.state.store(at, record);
                        return Step::End(ending);
                    }
                    Err(failure) => record.end(Err(failure), now),
                }
            }
            ActionKind::Wait(wait) => self.wait(at, action, wait, &mut record),
            ActionKind::Scope => record.taken = Some(Branch::Condition(true)),
            ActionKind::If(condition) => match condition.holds(&self.view(at.frame)) {
                Ok(holds) => {
                    record.taken = Some(Branch::Condition(holds));
                    record.outputs = Some(json!({ "expressionResult": holds }));
                }
                Err(error) => record.end(Err(Failure::template(&action.name, &error)), now),
            },
            ActionKind::Switch { on, cases } => match on.evaluate(&self.view(at.frame)) {
                Ok(value) => {
                    let case = cases.iter().position(|case| is_case(case, &value));
                    record.taken = Some(Branch::Case(case.unwrap_or(cases.len())));
                    record.outputs = Some(json!({ "expressionResult": value }));
                }
                Err(error) => record.end(Err(Failure::template(&action.name, &error)), now),
            },
            ActionKind::Foreach { over, .. } => match self.items(at, &action.name, over) {
                Ok(items) => {
                    record.iterations = Some(Box::new(Iterations { items, ..Iterations::default() }))
                }
                Err(failure) => record.end(Err(failure), now),
            },
            ActionKind::Until(_) => record.iterations = Some(Box::default()),
            ActionKind::Compose(_)
            | ActionKind::Compute(_)
            | ActionKind::ParseJson { .. }
            | ActionKind::Select { .. }
            | ActionKind::Query { .. }
            | ActionKind::Join { .. }
            | ActionKind::Table(_) => {
                let computed = data::compute(&action.kind, &action.name, &self.view(at.frame));
                finish(&mut record, computed, now);
            }
        }
        self.state.store(at, record);
        Step::Progress
    }

    fn items(&self, at: Spot, name: &str, over: &Template) -> Result<Vec<Value>, Failure> {
        let value = over.evaluate(&self.view(at.frame)).map_err(|error| Failure::template(name, &error))?;
        match value {
            Value::Array(items) if items.len() <= ITEMS_MAX => Ok(items),
            Value::Array(items) => Err(too_many_items(name, items.len())),
            other => Err(not_an_array(name, VariableType::name_of(&other))),
        }
    }

    fn wait(&self, at: Spot, action: &Action, wait: &Wait, record: &mut ActionRecord) {
        let now = self.now();
        let view = self.view(at.frame);
        let invalid = |what: &str| EvaluationError(what.to_owned());
        let due = match wait {
            Wait::For { count, unit } => {
                let evaluated = count.evaluate(&view).and_then(|count| Ok((count, unit.evaluate(&view)?)));
                evaluated.and_then(|(count, unit)| {
                    record.inputs = Some(json!({"interval": {"count": count, "unit": unit}}));
                    let number = values::interval_count(&count).map_err(invalid)?;
                    Ok(values::interval_unit(&unit).map_err(invalid)?.after(now, number))
                })
            }
            Wait::Until(template) => template.evaluate(&view).and_then(|timestamp| {
                record.inputs = Some(json!({"until": {"timestamp": timestamp}}));
                values::timestamp(&timestamp).map_err(invalid)
            }),
        };
        match due {
            Ok(due) if due > now => {
                let timeout = action.settings.timeout.map(|timeout| now + timeout);
                record.status = ActionStatus::Waiting;
                record.wait_until = Some(timeout.map_or(due, |timeout| timeout.min(due)));
            }
            Ok(_) => record.end(Ok(None), now),
            Err(error) => record.end(Err(Failure::template(&action.name, &error)), now),
        }
    }

    fn respond(&mut self, at: Spot, name: &str, response: &Response) -> Computed {
        let evaluated = {
            let view = self.view(at.frame);
            response.status.evaluate(&view).and_then(|status| {
                let headers =
                    response.headers.as_ref().map(|template| template.evaluate(&view)).transpose()?;
                let body = response.body.as_ref().map(|template| template.evaluate(&view)).transpose()?;
                Ok((status, headers, body))
            })
        };
        let (status, headers, body) = match evaluated {
            Ok(evaluated) => evaluated,
            Err(error) => return Computed { inputs: None, result: Err(Failure::template(name, &error)) },
        };
        let mut inputs = json!({ "statusCode": status });
        for (member, value) in [("headers", &headers), ("body", &body)] {
            if let Some(value) = value {
                inputs[member] = value.clone();
            }
        }
        let invalid = |what: &str| {
            Failure::new("BadRequest", format!("The response of '{name}' is not valid: {what}."))
        };
        let result = values::response_status(&status)
            .map_err(invalid)
            .and_then(|status| {
                let headers = values::response_headers(headers.as_ref());
                Ok((status, headers.map_err(|what| invalid(&what))?))
            })
            .and_then(|(status, headers)| {
                if self.state.response.is_some() {
                    return Err(Failure::new(
                        "ActionResponseSkipped",
                        format!(
                            "The action '{name}' has no caller to respond to: another action has responded."
                        ),
                    ));
                }
                self.state.response = Some(SentResponse { status, headers, body: body.clone() });
                Ok(Some(inputs.clone()))
            });
        Computed { inputs: Some(inputs), result }
    }

    fn termination(
        &self,
        at: Spot,
        action: &Action,
        status: RunStatus,
        code: Option<&Template>,
        message: Option<&Template>,
    ) -> Result<(Value, Ending), Failure> {
        let view = self.view(at.frame);
        let text = |template: Option<&Template>| match template.map(|template| template.evaluate(&view)) {
            None | Some(Ok(Value::Null)) => Ok(None),
            Some(Ok(Value::String(text))) => Ok(Some(text)),
            Some(Ok(other)) => Ok(Some(other.to_string())),
            Some(Err(error)) => Err(Failure::template(&action.name, &error)),
        };
        let (code, message) = (text(code)?, text(message)?);
        let mut inputs = json!({ "runStatus": status.name() });
        if code.is_some() || message.is_some() {
            inputs["runError"] = json!({"code": code, "message": message});
        }
        let error = match status {
            RunStatus::Succeeded => None,
            RunStatus::Failed if action.settings.hidden.inputs => Some(Failure::hidden("Terminated")),
            RunStatus::Failed => Some(Failure::new(
                code.unwrap_or_else(|| "Terminated".to_owned()),
                message.unwrap_or_else(|| format!("The action '{}' ended the run.", action.name)),
            )),
            _ => Some(Failure::new(
                "WorkflowRunCancelled",
                format!("The action '{}' cancelled the run.", action.name),
            )),
        };
        Ok((inputs, Ending { status, error }))
    }
}

fn finish(record: &mut ActionRecord, computed: Computed, now: Instant) {
    record.inputs = computed.inputs;
    record.end(computed.result, now);
}

fn apply_static(record: &mut ActionRecord, result: &StaticResult, now: Instant) {
    record.status = result.status;
    record.outputs.clone_from(&result.outputs);
    record.end = Some(now);
    record.code = result.code.clone().or_else(|| {
        Some(if result.status == ActionStatus::Succeeded { "OK" } else { "StaticResult" }.to_owned())
    });
    if result.status != ActionStatus::Succeeded {
        let code = record.code.clone().unwrap_or_default();
        let message = result.message.clone().unwrap_or_else(|| "The static result of the action.".to_owned());
        record.error = Some(Failure::new(code, message));
    }
}

fn is_case(case: &Value, value: &Value) -> bool {
    case == value || case.as_f64().is_some_and(|number| Some(number) == value.as_f64())
}
