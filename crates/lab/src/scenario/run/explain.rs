//! The reasons that the journal gives for the decisions of a step.

use outlive_wire::JournalEvent;

use super::lab_client::JournalFilter;
use super::recorder::StepRecorder;
use super::world::{StepError, World};

impl World {
    /// Records the reasons of the issuer's decisions in this step.
    pub(super) async fn explain_step(
        &self,
        by_session: bool,
        recorder: &mut StepRecorder<'_>,
    ) -> Result<(), StepError> {
        // The portal's browser uses the password once its session is refused, which matters only
        // in a step that signs in by session.
        let trace = Some(self.http.trace_id().to_owned());
        let filter = JournalFilter { trace, ..JournalFilter::default() };
        for line in self.lab.journal(self.tenant(), &filter).await? {
            // An event that another version of the program recorded is not explained.
            let Ok(event) = line.event() else { continue };
            let is_relevant = match &event {
                JournalEvent::TokenIssued(issued) => issued.grant_type == "refresh_token",
                JournalEvent::SessionRefused(_) => by_session,
                event => event.kind().ends_with(".refused"),
            };
            if is_relevant && let Some(reason) = explanation_of(&event) {
                recorder.explain(reason);
            }
        }
        Ok(())
    }
}

/// Returns the issuer's reason: the explanation of the verdict, or the description of the error.
pub(in crate::scenario) fn explanation_of(event: &JournalEvent) -> Option<String> {
    if let Some(verdict) = event.verdict() {
        return Some(verdict.explain());
    }
    match event {
        JournalEvent::TokenRefused(refused) => Some(refused.description.clone()),
        JournalEvent::SignInRefused(refused) => Some(refused.description.clone()),
        JournalEvent::PasskeyRefused(refused) => Some(refused.description.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use outlive_wire::EventPayload as _;
    use outlive_wire::events::{ConnectionBroken, SignInRefused, TokenIssued};

    use super::*;

    #[test]
    fn the_reason_is_the_explanation_of_the_verdict_or_the_description_of_the_error() {
        let issued = explanation_of(&TokenIssued::example().into()).expect("a verdict");
        assert!(issued.starts_with("Accepted"), "{issued}");
        let refused = SignInRefused::example();
        assert_eq!(explanation_of(&refused.clone().into()), Some(refused.description));
        assert_eq!(explanation_of(&ConnectionBroken::example().into()), None);
    }
}
