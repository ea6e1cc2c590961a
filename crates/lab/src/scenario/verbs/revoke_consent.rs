//! The verb `revoke_consent`.

use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;

use super::Verb;
use super::service_refusal::{ServiceRefusal, admin};
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::result::Check;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// An administrator deletes the delegated permission grants of an application at Microsoft Graph:
/// those of a user, or all.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RevokeConsent {
    /// The application's name.
    app: Spanned<String>,
    /// The role of the user whose consent is deleted; by default all consents are.
    user: Option<Spanned<String>>,
    /// The role of the administrator.
    #[serde(default = "admin")]
    by: Spanned<String>,
    /// The expected refusal, if any.
    refused: Option<ServiceRefusal>,
}

impl Verb for RevokeConsent {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::Application, &self.app);
        checker.must_if(Kind::User, self.user.as_ref());
        checker.must(Kind::User, &self.by);
        checker.service_refusal(self.refused.as_ref());
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let (by, refused, now) = (&self.by.value, self.refused.as_ref(), world.now);
        let client_id = world.application(&self.app.value)?.client_id.clone();
        let user = self.user.as_ref().map(|user| world.user(&user.value)).transpose()?;
        // Only an administrator can read consents, even if the user deletes one.
        let reader = world.maker("admin")?;
        let path = format!("/v1.0/servicePrincipals(appId='{client_id}')");
        let principal: Value = reader.graph(now, Method::GET, &path, None).await?.expect()?;
        let principal = principal["id"].as_str().unwrap_or_default().to_owned();
        let path = format!("/v1.0/servicePrincipals/{principal}/oauth2PermissionGrants");
        let list: Value = reader.graph(now, Method::GET, &path, None).await?.expect()?;
        let grants: Vec<String> = list["value"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|grant| user.as_ref().is_none_or(|user| grant["principalId"] == user.id.as_str()))
            .filter_map(|grant| grant["id"].as_str().map(str::to_owned))
            .collect();
        let whose = user.map_or_else(|| "all users".to_owned(), |user| user.upn);
        recorder.note(format!("{by} deletes the consents of {whose} to {}", self.app.value));
        if grants.is_empty() {
            recorder.check(Check::that("consents", "at least one", "none", false));
        }
        for grant in grants {
            let path = format!("/v1.0/oauth2PermissionGrants/{grant}");
            world.change_directory(by, (Method::DELETE, &path), None, refused, recorder).await?;
        }
        Ok(())
    }
}
