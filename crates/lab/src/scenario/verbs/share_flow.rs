//! The verb `share_flow`.

use serde::Deserialize;
use serde_json::json;
use serde_saphyr::Spanned;

use super::{Verb, default_text, text_of};
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// A flow is shared with a user.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShareFlow {
    /// The name of the flow.
    flow: Spanned<String>,
    /// The user's role in the scenario.
    with: Spanned<String>,
    /// `CanEdit` for a co-owner, `CanView` for a run-only user.
    #[serde(default = "co_owner")]
    role: Spanned<String>,
    /// The administrator who shares it; by default its owner does. In later steps, a co-owner that
    /// an administrator added acts in place of the owner.
    administrator: Option<Spanned<String>>,
}

fn co_owner() -> Spanned<String> {
    default_text("CanEdit")
}

impl Verb for ShareFlow {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::Flow, &self.flow);
        checker.must(Kind::User, &self.with);
        checker.must_if(Kind::User, self.administrator.as_ref());
        checker.one_of("role", &self.role, &["CanEdit", "CanView"]);
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let user = world.user(&self.with.value)?;
        let principal = json!({"id": user.id, "type": "User", "email": user.upn});
        let permission = json!({"properties": {"principal": principal, "roleName": self.role.value}});
        let administrator = text_of(self.administrator.as_ref());
        let change = json!({ "put": [permission] });
        let who = world.modify_permissions(&self.flow.value, administrator, &change).await?;
        recorder.note(format!(
            "{who} shares the flow '{}' with {} ({})",
            self.flow.value, user.upn, self.role.value
        ));
        if administrator.is_some()
            && self.role.value == "CanEdit"
            && let Some(flow) = world.flows.get_mut(&self.flow.value)
        {
            flow.owner.clone_from(&self.with.value);
        }
        Ok(())
    }
}
