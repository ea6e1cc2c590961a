//! The verb `add_member`.

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use serde_saphyr::Spanned;

use super::Verb;
use super::service_refusal::{ServiceRefusal, admin};
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// An administrator adds a user to a group. Tokens that were issued before do not change.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddMember {
    /// The group's name.
    group: Spanned<String>,
    /// The role of the new member.
    user: Spanned<String>,
    /// The role of the administrator.
    #[serde(default = "admin")]
    by: Spanned<String>,
    /// The expected refusal, if any.
    refused: Option<ServiceRefusal>,
}

impl Verb for AddMember {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::Group, &self.group);
        checker.must(Kind::User, &self.user);
        checker.must(Kind::User, &self.by);
        checker.service_refusal(self.refused.as_ref());
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let (group, user, refused) = (&self.group.value, &self.user.value, self.refused.as_ref());
        world.add_member(&self.by.value, group, user, refused, recorder).await
    }
}

impl World {
    /// Adds a user to a group as an administrator.
    pub(super) async fn add_member(
        &mut self,
        by: &str,
        group: &str,
        role: &str,
        refused: Option<&ServiceRefusal>,
        recorder: &mut StepRecorder<'_>,
    ) -> Result<(), StepError> {
        let (id, user) = (self.group_id(group).await?, self.user(role)?);
        let member = format!("{}/v1.0/directoryObjects/{}", self.credentials.urls.idp, user.id);
        let body = json!({"@odata.id": member});
        recorder.note(format!("{by} adds {} to the group '{group}'", user.upn));
        let path = format!("/v1.0/groups/{id}/members/$ref");
        self.change_directory(by, (Method::POST, &path), Some(&body), refused, recorder).await?;
        Ok(())
    }

    /// Returns the id of a group of the seed, or of one that a step created.
    pub(super) async fn group_id(&mut self, name: &str) -> Result<String, StepError> {
        if let Some(id) = self.created.groups.get(name) {
            return Ok(id.clone());
        }
        let now = self.now;
        let answer = self.maker("admin")?.graph(now, Method::GET, "/v1.0/groups", None).await?;
        let list: Value = answer.expect()?;
        let mut groups = list["value"].as_array().into_iter().flatten();
        let group = groups.find(|group| group["displayName"] == name);
        let id = group.and_then(|group| group["id"].as_str()).map(str::to_owned);
        let id = id.ok_or_else(|| StepError(format!("the tenant has no group '{name}'")))?;
        self.created.groups.insert(name.to_owned(), id.clone());
        Ok(id)
    }
}
