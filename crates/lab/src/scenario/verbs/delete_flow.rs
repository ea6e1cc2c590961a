//! The verb `delete_flow`.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::service_refusal::ServiceRefusal;
use super::{Verb, text_of};
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// A user deletes a flow.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeleteFlow {
    /// The name of the flow.
    flow: Spanned<String>,
    /// The role of the user who deletes it; by default that of its owner.
    by: Option<Spanned<String>>,
    /// The expected refusal, if any.
    refused: Option<ServiceRefusal>,
}

impl Verb for DeleteFlow {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::Flow, &self.flow);
        checker.must_if(Kind::User, self.by.as_ref());
        checker.service_refusal(self.refused.as_ref());
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let (name, now) = (&self.flow.value, world.now);
        let flow = world.flow(name)?;
        let maker = world.maker(text_of(self.by.as_ref()).unwrap_or(&flow.owner))?;
        let who = maker.user().upn.clone();
        let deleted = maker.delete_flow(now, &flow.id).await;
        recorder.note(format!("{who} deletes the flow '{name}'"));
        world.compare_maker(deleted, self.refused.as_ref(), recorder)?;
        Ok(())
    }
}
