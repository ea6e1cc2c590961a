//! The verb `client_credentials`.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::token_response::{RefusalExpectation, TokenSlot};
use super::{Verb, text_of};
use crate::diagnostic::Position;
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};
use crate::seed::SeedApplication;

/// An application requests an app-only token.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientCredentials {
    /// The application's name.
    app: Spanned<String>,
    /// The requested scope (`<resource>/.default`).
    scope: Spanned<String>,
    /// The name under which the token is stored.
    keep: Option<Spanned<String>>,
    /// The expected refusal, if any.
    refused: Option<RefusalExpectation>,
}

impl Verb for ClientCredentials {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.literal(Position::of(&self.scope), &self.scope.value);
        checker.must(Kind::Application, &self.app);
        if self.refused.is_none() {
            checker.scope_is_given(&self.scope);
            let has_credential = |app: &SeedApplication| {
                app.secret || !app.certificates.is_empty() || !app.federated_credentials.is_empty()
            };
            if checker.application(&self.app).is_some_and(|app| !has_credential(app)) {
                let message = format!("'{}' has no credential of its own", self.app.value);
                checker.wrong_at(
                    Position::of(&self.app),
                    message,
                    "use a confidential application, or expect refused",
                );
            }
            if !self.scope.value.split_whitespace().all(|scope| scope.ends_with("/.default")) {
                let message = format!("an application cannot request '{}' for itself", self.scope.value);
                let remedy = "write RESOURCE/.default, or expect refused";
                checker.wrong_at(Position::of(&self.scope), message, remedy);
            }
        }
        let without = Some("an app-only token response has none");
        checker.token_response(self.keep.as_ref(), self.refused.as_ref(), without);
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let result = world.client(&self.app.value)?.client_credentials(&world.http, &self.scope.value).await;
        let action = format!("{} requests an app-only token", self.app.value);
        let slot = TokenSlot {
            name: text_of(self.keep.as_ref()),
            app: &self.app.value,
            scope: &self.scope.value,
            cae_capable: false,
        };
        world.record_response(&action, result, self.refused.as_ref(), &slot, recorder)
    }
}
