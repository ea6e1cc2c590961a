//! The verb `start_device`.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::Verb;
use super::token_response::RefusalExpectation;
use crate::diagnostic::Position;
use crate::oauth_client::OAuthError;
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::result::Check;
use crate::scenario::run::created::ScenarioDevice;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// An application on a device without a browser requests a device code and shows a user code.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StartDevice {
    /// A name for the device, with which later steps refer to it.
    name: Spanned<String>,
    /// The application's name.
    app: Spanned<String>,
    /// The requested scopes.
    scope: Spanned<String>,
    /// The expected refusal, if any.
    refused: Option<RefusalExpectation>,
}

impl Verb for StartDevice {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.literal(Position::of(&self.scope), &self.scope.value);
        checker.must(Kind::Application, &self.app);
        match &self.refused {
            Some(refused) => checker.refusal(refused),
            None => {
                checker.scope_is_given(&self.scope);
                checker.known.add(Kind::Device, &self.name);
            }
        }
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let client = world.client(&self.app.value)?;
        let result = client.start_device(&world.http, &self.scope.value).await;
        let app = &self.app.value;
        match result {
            Ok(codes) => {
                recorder.note(format!("{app} shows the code {} and waits", codes.user_code));
                let passed = self.refused.is_none();
                let expected = if passed { "a device code" } else { "a refusal" };
                recorder.check(Check::that("answer", expected, "a device code", passed));
                let device = ScenarioDevice { codes, app: app.clone(), scope: self.scope.value.clone() };
                world.created.devices.insert(self.name.value.clone(), device);
            }
            Err(OAuthError::Refused(refusal)) => {
                recorder.note(format!("{app} requests a device code: refused, {refusal}"));
                match &self.refused {
                    Some(expected) => world.compare_refusal(&refusal, expected, recorder)?,
                    None => {
                        recorder.check(Check::that("answer", "a device code", refusal.to_string(), false));
                    }
                }
            }
            Err(other) => return Err(other.into()),
        }
        Ok(())
    }
}

impl World {
    /// Returns what an earlier step requested.
    pub(super) fn device(&self, name: &str) -> Result<&ScenarioDevice, StepError> {
        let device = self.created.devices.get(name);
        device.ok_or_else(|| StepError(format!("no device code was requested as '{name}'")))
    }
}
