//! The verb `stop_flow`.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::Verb;
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// A user stops a flow.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StopFlow {
    /// The name of the flow.
    flow: Spanned<String>,
}

impl Verb for StopFlow {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::Flow, &self.flow);
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        world.post_flow_action(&self.flow.value, (None, None), ("stop", "turns off"), recorder).await
    }
}
