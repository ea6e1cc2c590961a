//! The verb `delete_policy`.

use reqwest::Method;
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::Verb;
use super::service_refusal::{ServiceRefusal, admin};
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// An administrator deletes a Conditional Access policy that an earlier step created.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeletePolicy {
    /// The policy's name.
    policy: Spanned<String>,
    /// The role of the administrator.
    #[serde(default = "admin")]
    by: Spanned<String>,
    /// The expected refusal, if any.
    refused: Option<ServiceRefusal>,
}

impl Verb for DeletePolicy {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::Policy, &self.policy);
        checker.must(Kind::User, &self.by);
        checker.service_refusal(self.refused.as_ref());
        if self.refused.is_none() {
            checker.known.remove(Kind::Policy, &self.policy.value);
        }
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let name = &self.policy.value;
        let id = world.created.policies.get(name);
        let id = id.ok_or_else(|| StepError(format!("there is no policy '{name}'")))?;
        let path = format!("/v1.0/identity/conditionalAccess/policies/{id}");
        let (by, refused) = (&self.by.value, self.refused.as_ref());
        recorder.note(format!("{by} deletes the policy '{name}'"));
        world.change_directory(by, (Method::DELETE, &path), None, refused, recorder).await?;
        Ok(())
    }
}
