//! The verb `create_group`.

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use serde_saphyr::Spanned;

use super::Verb;
use super::service_refusal::{ServiceRefusal, admin};
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// An administrator creates a security group. `${object.NAME.id}` is its id.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateGroup {
    /// The group's name.
    name: Spanned<String>,
    /// The first members, by role.
    #[serde(default)]
    members: Vec<Spanned<String>>,
    /// The role of the administrator.
    #[serde(default = "admin")]
    by: Spanned<String>,
    /// The expected refusal, if any.
    refused: Option<ServiceRefusal>,
}

impl Verb for CreateGroup {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        self.members.iter().for_each(|member| checker.must(Kind::User, member));
        checker.must(Kind::User, &self.by);
        checker.service_refusal(self.refused.as_ref());
        checker.must_be_new(Kind::Group, &self.name);
        if self.refused.is_none() {
            checker.known.add(Kind::Group, &self.name);
            checker.known.add(Kind::Object, &self.name);
        }
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let name = &self.name.value;
        let nickname: String = name.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
        let group = json!({
            "displayName": name, "mailEnabled": false, "securityEnabled": true,
            "mailNickname": if nickname.is_empty() { "group".to_owned() } else { nickname },
        });
        let (by, refused) = (&self.by.value, self.refused.as_ref());
        recorder.note(format!("{by} creates the group '{name}'"));
        let path = "/v1.0/groups";
        let created =
            world.change_directory(by, (Method::POST, path), Some(&group), refused, recorder).await?;
        let Some(id) = created.and_then(|created| created["id"].as_str().map(str::to_owned)) else {
            return Ok(());
        };
        world.objects.insert(name.clone(), id.clone());
        world.created.groups.insert(name.clone(), id);
        for member in &self.members {
            world.add_member(by, name, &member.value, None, recorder).await?;
        }
        Ok(())
    }
}
