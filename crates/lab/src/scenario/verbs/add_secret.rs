//! The verb `add_secret`.

use outlive_clock::Span;
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use serde_saphyr::Spanned;

use super::Verb;
use super::service_refusal::{ServiceRefusal, admin};
use crate::diagnostic::Position;
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::run::created::ScenarioSecret;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// An administrator adds a client secret to an application. The application uses it from now on;
/// its other secrets stay valid.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddSecret {
    /// A name for the secret, with which later steps refer to it.
    name: Spanned<String>,
    /// The application's name.
    app: Spanned<String>,
    /// How long it is valid; by default as long as the issuer grants.
    lifetime: Option<Spanned<Span>>,
    /// The role of the administrator.
    #[serde(default = "admin")]
    by: Spanned<String>,
    /// The expected refusal, if any.
    refused: Option<ServiceRefusal>,
}

impl Verb for AddSecret {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::Application, &self.app);
        checker.must(Kind::User, &self.by);
        checker.service_refusal(self.refused.as_ref());
        if let Some(lifetime) = &self.lifetime
            && !(Span::from_seconds(1)..=Span::from_days(3_650)).contains(&lifetime.value)
        {
            let message = format!("a client secret cannot be valid for {}", lifetime.value);
            checker.wrong_at(Position::of(lifetime), message, "write PT1S to P3650D");
        }
        checker.known.add(Kind::Secret, &self.name);
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let (name, app) = (&self.name.value, &self.app.value);
        let path = format!("/v1.0/applications(appId='{}')/addPassword", world.application(app)?.client_id);
        let mut credential = json!({"displayName": name});
        if let Some(lifetime) = &self.lifetime {
            credential["startDateTime"] = json!(world.now.to_string());
            credential["endDateTime"] = json!((world.now + lifetime.value).to_string());
        }
        let body = json!({"passwordCredential": credential});
        let (by, refused) = (&self.by.value, self.refused.as_ref());
        recorder.note(format!("{by} adds the client secret '{name}' to {app}"));
        let added = world.change_directory(by, (Method::POST, &path), Some(&body), refused, recorder).await?;
        let Some(added) = added else { return Ok(()) };
        let text = |field: &str| added[field].as_str().unwrap_or_default().to_owned();
        let (key_id, secret) = (text("keyId"), text("secretText"));
        world.set_secret(app, secret);
        let secret = ScenarioSecret { app: app.clone(), key_id };
        world.created.secrets.insert(name.clone(), secret);
        Ok(())
    }
}
