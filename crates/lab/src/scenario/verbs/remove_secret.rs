//! The verb `remove_secret`.

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

/// An administrator removes a client secret that an earlier step added. It is rejected at once.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RemoveSecret {
    /// The secret's name.
    secret: Spanned<String>,
    /// The role of the administrator.
    #[serde(default = "admin")]
    by: Spanned<String>,
    /// The expected refusal, if any.
    refused: Option<ServiceRefusal>,
}

impl Verb for RemoveSecret {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::Secret, &self.secret);
        checker.must(Kind::User, &self.by);
        checker.service_refusal(self.refused.as_ref());
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let name = &self.secret.value;
        let secret = world.created.secrets.get(name).cloned();
        let secret = secret.ok_or_else(|| StepError(format!("no client secret was added as '{name}'")))?;
        let client_id = world.application(&secret.app)?.client_id.clone();
        let path = format!("/v1.0/applications(appId='{client_id}')/removePassword");
        let body = json!({"keyId": secret.key_id});
        let (by, refused) = (&self.by.value, self.refused.as_ref());
        recorder.note(format!("{by} removes the client secret '{name}' from {}", secret.app));
        world.change_directory(by, (Method::POST, &path), Some(&body), refused, recorder).await?;
        Ok(())
    }
}
