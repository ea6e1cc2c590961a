//! The trait of all verbs, and parsers of their common fields.

use serde_saphyr::Spanned;

use crate::http::CallError;
use crate::scenario::check::checker::Checker;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// An action or an expectation.
pub(super) trait Verb {
    /// Records the mistakes that can be found without a system, and what later steps can refer to.
    fn check<'a>(&'a self, checker: &mut Checker<'a>);

    /// Executes the step.
    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError>;
}

/// Returns a failed call of the lab API as the failure of a step: of a refusal, what the lab says,
/// without the address of the call.
pub(super) fn lab_refusal(error: CallError) -> StepError {
    if matches!(error.status, Some(400..=499)) { StepError(error.reason()) } else { error.into() }
}

/// The default of a field that is absent.
pub(super) fn default_text(text: &str) -> Spanned<String> {
    Spanned::new(text.to_owned(), serde_saphyr::Location::UNKNOWN, serde_saphyr::Location::UNKNOWN)
}

/// The text of an optional field.
pub(super) fn text_of(field: Option<&Spanned<String>>) -> Option<&str> {
    field.map(|text| text.value.as_str())
}
