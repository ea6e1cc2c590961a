//! Actions that set variables.

use serde_json::{Number, Value, json};

use super::place::FrameId;
use super::record::{Computed, Failure};
use super::state::Variable;
use super::stepper::Engine;
use crate::definition::{Initial, VariableChange, VariableType};
use crate::expression::Template;

impl Engine<'_, '_> {
    pub(super) fn initialize(&mut self, frame: FrameId, action: &str, list: &[Initial]) -> Computed {
        let mut inputs = Vec::new();
        for Initial { name, kind, value } in list {
            let value = match value.as_ref().map(|template| template.evaluate(&self.view(frame))) {
                None => Value::Null,
                Some(Ok(value)) => value,
                Some(Err(error)) => {
                    return Computed { inputs: None, result: Err(Failure::template(action, &error)) };
                }
            };
            inputs.push(json!({"name": name, "type": kind.name(), "value": value}));
            if let Err(failure) = self.assign(name, *kind, value) {
                return Computed { inputs: Some(json!({ "variables": inputs })), result: Err(failure) };
            }
        }
        Computed { inputs: Some(json!({ "variables": inputs })), result: Ok(None) }
    }

    pub(super) fn change(
        &mut self,
        frame: FrameId,
        action: &str,
        change: VariableChange,
        name: &str,
        value: &Template,
    ) -> Computed {
        let value = match value.evaluate(&self.view(frame)) {
            Ok(value) => value,
            Err(error) => return Computed { inputs: None, result: Err(Failure::template(action, &error)) },
        };
        let inputs = Some(json!({"name": name, "value": value}));
        let Some(variable) = self.state.variables.get(&name.to_lowercase()) else {
            let what = format!(
                "The variable '{name}' must be initialized before it can be used in action '{action}'."
            );
            return Computed { inputs, result: Err(Failure::new("InvalidTemplate", what)) };
        };
        let (name, kind) = (variable.name.clone(), variable.kind);
        let changed = changed(change, &variable.value, value);
        let changed = changed.ok_or_else(|| wrong_type(&name, kind, &inputs));
        let appends = matches!(change, VariableChange::AppendToArray | VariableChange::AppendToString);
        let result = changed.and_then(|changed| {
            // The whole value, which grows, is not an output of each action that appends to it.
            let outputs =
                (!appends).then(|| json!({"body": {"name": name, "type": kind.name(), "value": changed}}));
            self.assign(&name, kind, changed).map(|()| outputs)
        });
        Computed { inputs, result }
    }

    fn assign(&mut self, name: &str, kind: VariableType, value: Value) -> Result<(), Failure> {
        let found = VariableType::name_of(&value);
        let value = kind.accept(value).ok_or_else(|| type_mismatch(name, kind, found))?;
        self.state.set_variable(Variable { name: name.to_owned(), kind, value })
    }
}

/// Returns the new value, or `None` if the values have the wrong types. A variable without a value
/// counts as 0, an empty string or an empty array.
fn changed(change: VariableChange, before: &Value, value: Value) -> Option<Value> {
    match change {
        VariableChange::Set => Some(value),
        VariableChange::Increment => sum(before, &value, 1),
        VariableChange::Decrement => sum(before, &value, -1),
        VariableChange::AppendToArray => {
            let mut items = match before {
                Value::Null => Vec::new(),
                other => other.as_array()?.clone(),
            };
            items.push(value);
            Some(Value::Array(items))
        }
        VariableChange::AppendToString => {
            let text = before.as_str().unwrap_or_default();
            let more = match value {
                Value::String(more) => more,
                Value::Null => String::new(),
                Value::Bool(true) => "True".to_owned(),
                Value::Bool(false) => "False".to_owned(),
                other => other.to_string(),
            };
            Some(Value::String(format!("{text}{more}")))
        }
    }
}

fn sum(before: &Value, by: &Value, sign: i64) -> Option<Value> {
    let zero = Value::from(0);
    let before = if before.is_null() { &zero } else { before };
    let by = match by {
        Value::String(text) => Number::from(text.trim().parse::<i64>().ok()?),
        other => other.as_number()?.clone(),
    };
    if let (Some(before), Some(by)) = (before.as_i64(), by.as_i64()) {
        return Some(Value::from(before.checked_add(by.checked_mul(sign)?)?));
    }
    #[expect(clippy::cast_precision_loss, reason = "the sign is 1 or -1")]
    let sum = before.as_f64()? + by.as_f64()? * sign as f64;
    Number::from_f64(sum).map(Value::Number)
}

fn wrong_type(name: &str, kind: VariableType, inputs: &Option<Value>) -> Failure {
    let value = inputs.as_ref().and_then(|inputs| inputs.get("value")).unwrap_or(&Value::Null);
    type_mismatch(name, kind, VariableType::name_of(value))
}

fn type_mismatch(name: &str, kind: VariableType, found: &str) -> Failure {
    let kind = kind.name();
    Failure::new(
        "BadRequest",
        format!(
            "The variable '{name}' of type '{kind}' cannot be initialized or updated with value of type '{found}'. \
             The variable '{name}' only supports values of types '{kind}'."
        ),
    )
}
