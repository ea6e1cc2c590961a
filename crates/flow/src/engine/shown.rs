//! What the run history and the journal show of a run: everything but what is hidden. Documents and
//! events are made of these values only.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::http_request::SANITIZED;
use super::record::{ActionRecord, Failure};
use super::state::RunState;
use crate::definition::is_credential_header;
use crate::status::http_status_name;

/// What is shown of an action.
pub(crate) struct ShownAction<'a> {
    pub(crate) code: Option<Cow<'a, str>>,
    pub(crate) error: Option<Cow<'a, Failure>>,
    pub(crate) inputs: Option<Cow<'a, Value>>,
    pub(crate) outputs: Option<&'a Value>,
    pub(crate) tracked: Option<&'a Value>,
    /// The names of what is hidden, of `inputs` and `outputs`.
    pub(crate) secured: Vec<&'static str>,
}

impl Failure {
    /// Returns what is shown of a failure whose code and message can contain hidden values.
    pub(super) fn hidden(code: impl Into<String>) -> Self {
        Self::new(code, "The error is not shown because it can contain secured inputs or outputs.")
    }
}

impl ActionRecord {
    /// Returns what is shown of the action.
    pub(crate) fn shown(&self) -> ShownAction<'_> {
        let hidden = self.hidden;
        let (code, error) = match &self.error {
            Some(error) if hidden.error => {
                // The code of a service is one of its response.
                let status = self.outputs.as_ref().and_then(|outputs| outputs.get("statusCode")?.as_u64());
                let status = status.and_then(|status| u16::try_from(status).ok());
                let code = status.map_or_else(|| error.code.clone(), http_status_name);
                (Some(Cow::Owned(code.clone())), Some(Cow::Owned(Failure::hidden(code))))
            }
            error => (self.code.as_deref().map(Cow::Borrowed), error.as_ref().map(Cow::Borrowed)),
        };
        ShownAction {
            code,
            error,
            inputs: self.inputs.as_ref().filter(|_| !hidden.inputs).map(without_credentials),
            outputs: self.outputs.as_ref().filter(|_| !hidden.outputs),
            tracked: self.tracked.as_ref().filter(|_| !hidden.tracked),
            secured: secured(hidden.inputs, hidden.outputs),
        }
    }
}

impl RunState {
    /// Returns the outputs of the trigger, or the names of what is hidden of it. Headers with
    /// credentials, which expressions can read, are not shown.
    pub(crate) fn shown_trigger_outputs(&self) -> Result<Cow<'_, Value>, Vec<&'static str>> {
        if self.hidden.outputs {
            return Err(secured(self.hidden.inputs, self.hidden.outputs));
        }
        Ok(without_credentials(&self.trigger_outputs))
    }

    /// Returns the tracking id that the trigger sets.
    pub(crate) fn shown_tracking_id(&self) -> Option<&String> {
        self.tracking_id.as_ref().filter(|_| !self.hidden.tracked)
    }
}

/// Returns the inputs or outputs of a request without the credentials in its headers.
fn without_credentials(request: &Value) -> Cow<'_, Value> {
    let headers = request.get("headers").and_then(Value::as_object);
    if !headers.is_some_and(|headers| headers.keys().any(|name| is_credential_header(name))) {
        return Cow::Borrowed(request);
    }
    let mut shown = request.clone();
    let headers = shown.get_mut("headers").and_then(Value::as_object_mut);
    for (_, value) in headers.into_iter().flatten().filter(|(name, _)| is_credential_header(name)) {
        *value = json!(SANITIZED);
    }
    Cow::Owned(shown)
}

/// Returns what is shown in place of a hidden output of the flow.
pub(super) fn hidden_output() -> Value {
    json!({"secureData": {"properties": ["value"]}})
}

fn secured(inputs: bool, outputs: bool) -> Vec<&'static str> {
    let named = [("inputs", inputs), ("outputs", outputs)];
    named.into_iter().filter(|(_, hidden)| *hidden).map(|(name, _)| name).collect()
}
