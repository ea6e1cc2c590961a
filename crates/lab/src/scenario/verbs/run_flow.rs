//! The verb `run_flow`.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::{Verb, text_of};
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// A user runs a flow manually.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunFlow {
    /// The name of the flow.
    flow: Spanned<String>,
    /// The user's role in the scenario; by default that of the flow's owner.
    user: Option<Spanned<String>>,
    /// A connection of the user, for a flow with `runtime_source: invoker`.
    connection: Option<Spanned<String>>,
}

impl Verb for RunFlow {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::Flow, &self.flow);
        checker.must_if(Kind::User, self.user.as_ref());
        checker.must_if(Kind::Connection, self.connection.as_ref());
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let user = text_of(self.user.as_ref());
        let connection = text_of(self.connection.as_ref());
        let action = ("triggers/manual/run", "runs");
        world.post_flow_action(&self.flow.value, (user, connection), action, recorder).await
    }
}
