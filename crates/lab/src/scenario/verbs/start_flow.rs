//! The verb `start_flow`.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::Verb;
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// A user starts a stopped flow.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StartFlow {
    /// The name of the flow.
    flow: Spanned<String>,
}

impl Verb for StartFlow {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::Flow, &self.flow);
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        world.post_flow_action(&self.flow.value, (None, None), ("start", "turns on"), recorder).await
    }
}
