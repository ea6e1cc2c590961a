//! The verb `remove_member`.

use reqwest::Method;
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::Verb;
use super::service_refusal::{ServiceRefusal, admin};
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// An administrator removes a user from a group. Tokens that were issued before do not change.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RemoveMember {
    /// The group's name.
    group: Spanned<String>,
    /// The role of the member.
    user: Spanned<String>,
    /// The role of the administrator.
    #[serde(default = "admin")]
    by: Spanned<String>,
    /// The expected refusal, if any.
    refused: Option<ServiceRefusal>,
}

impl Verb for RemoveMember {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::Group, &self.group);
        checker.must(Kind::User, &self.user);
        checker.must(Kind::User, &self.by);
        checker.service_refusal(self.refused.as_ref());
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let id = world.group_id(&self.group.value).await?;
        let user = world.user(&self.user.value)?;
        let (by, refused) = (&self.by.value, self.refused.as_ref());
        recorder.note(format!("{by} removes {} from the group '{}'", user.upn, self.group.value));
        let path = format!("/v1.0/groups/{id}/members/{}/$ref", user.id);
        world.change_directory(by, (Method::DELETE, &path), None, refused, recorder).await?;
        Ok(())
    }
}
