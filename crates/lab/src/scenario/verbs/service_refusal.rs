//! The expected refusals of Microsoft Graph and of the hub.

use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;

use super::default_text;
use crate::diagnostic::Position;
use crate::http::{Answer, CallError, excerpt};
use crate::maker::MakerError;
use crate::scenario::check::checker::Checker;
use crate::scenario::result::Check;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// The expected refusal of a service.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServiceRefusal {
    /// The HTTP status.
    status: Spanned<u16>,
    /// Texts that the error must contain.
    #[serde(default)]
    text_has: Vec<String>,
}

/// The role of the administrator, by default.
pub(super) fn admin() -> Spanned<String> {
    default_text("admin")
}

impl Checker<'_> {
    /// Checks an expected refusal of a service.
    pub(super) fn service_refusal(&mut self, refused: Option<&ServiceRefusal>) {
        let Some(refused) = refused else { return };
        let status = &refused.status;
        if !(400..=599).contains(&status.value) {
            let message = format!("a refusal has no status {}", status.value);
            self.wrong_at(Position::of(status), message, "write a status from 400 to 599");
        }
        self.texts(&refused.text_has);
    }
}

impl World {
    /// Calls Microsoft Graph as a user and compares the answer with the expectation. Returns its
    /// body if it was accepted.
    pub(super) async fn change_directory(
        &mut self,
        by: &str,
        (method, path): (Method, &str),
        body: Option<&Value>,
        refused: Option<&ServiceRefusal>,
        recorder: &mut StepRecorder<'_>,
    ) -> Result<Option<Value>, StepError> {
        let now = self.now;
        let answer = self.maker(by)?.graph(now, method, path, body).await?;
        let accepted = (200..300).contains(&answer.status);
        let actual = if accepted { "accepted".to_owned() } else { refusal_of(&answer) };
        self.compare_service(accepted, answer.status, &actual, refused, recorder)?;
        Ok(accepted.then(|| answer.json()))
    }

    /// Compares the outcome of a maker's action at the hub with the expectation. Returns whether it
    /// was accepted.
    pub(super) fn compare_maker<T>(
        &self,
        outcome: Result<T, MakerError>,
        refused: Option<&ServiceRefusal>,
        recorder: &mut StepRecorder<'_>,
    ) -> Result<Option<T>, StepError> {
        match outcome {
            Ok(value) => {
                self.compare_service(true, 200, "accepted", refused, recorder)?;
                Ok(Some(value))
            }
            Err(MakerError::Call(CallError { status: Some(status), problem, .. })) => {
                self.compare_service(false, status, &problem, refused, recorder)?;
                Ok(None)
            }
            Err(other) => Err(other.into()),
        }
    }

    fn compare_service(
        &self,
        accepted: bool,
        status: u16,
        actual: &str,
        refused: Option<&ServiceRefusal>,
        recorder: &mut StepRecorder<'_>,
    ) -> Result<(), StepError> {
        let Some(refused) = refused else {
            recorder.check(Check::that("answer", "accepted", actual, accepted));
            return Ok(());
        };
        recorder.note(format!("refused: {actual}"));
        recorder.check(Check::equal("status", refused.status.value, status));
        for text in &refused.text_has {
            recorder.check(Check::holds("error", &self.fill(text)?, actual));
        }
        Ok(())
    }
}

fn refusal_of(answer: &Answer) -> String {
    let json = answer.json();
    let text = |pointer: &str| json.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    match (text("/error/code"), text("/error/message")) {
        ("", "") => format!("{} {}", answer.status, excerpt(&answer.body)),
        (code, message) => format!("{} {code}: {message}", answer.status),
    }
}
