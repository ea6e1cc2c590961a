//! Shared code of the verbs that call a service.

use reqwest::Method;
use serde_saphyr::Spanned;

use super::default_text;
use crate::http::{Answer, excerpt};
use crate::scenario::result::Check;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

pub(super) fn get() -> Spanned<String> {
    default_text("GET")
}

pub(super) fn method(name: &str) -> Result<Method, StepError> {
    name.parse().ok().ok_or_else(|| StepError(format!("'{name}' is no HTTP method")))
}

impl World {
    pub(super) fn compare_answer(
        &self,
        answer: &Answer,
        status: u16,
        body_has: &[String],
        recorder: &mut StepRecorder<'_>,
    ) -> Result<(), StepError> {
        let mut check = Check::equal("status", status, answer.status);
        if !check.passed {
            check.actual = format!("{} {}", answer.status, excerpt(&answer.body));
        }
        recorder.check(check);
        recorder.output.answer = Some(answer.clone());
        for text in body_has {
            recorder.check(Check::holds("body", &self.fill(text)?, &answer.body));
        }
        Ok(())
    }
}
