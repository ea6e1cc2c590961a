//! The verb `remove_owner`.

use serde::Deserialize;
use serde_json::json;
use serde_saphyr::Spanned;

use super::{Verb, text_of};
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// A flow is no longer shared with a user.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RemoveOwner {
    /// The name of the flow.
    flow: Spanned<String>,
    /// The role in the scenario of the co-owner or run-only user.
    user: Spanned<String>,
    /// The administrator who removes the user; by default the owner of the flow does.
    administrator: Option<Spanned<String>>,
}

impl Verb for RemoveOwner {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::Flow, &self.flow);
        checker.must(Kind::User, &self.user);
        checker.must_if(Kind::User, self.administrator.as_ref());
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let user = world.user(&self.user.value)?;
        let change = json!({"delete": [{"id": user.id}]});
        let administrator = text_of(self.administrator.as_ref());
        let who = world.modify_permissions(&self.flow.value, administrator, &change).await?;
        recorder.note(format!("{who} no longer shares the flow '{}' with {}", self.flow.value, user.upn));
        Ok(())
    }
}
