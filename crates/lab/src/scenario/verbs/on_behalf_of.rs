//! The verb `on_behalf_of`.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::token_response::{RefusalExpectation, TokenSlot};
use super::{Verb, text_of};
use crate::diagnostic::Position;
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// An API exchanges the access token of a caller for one for another API (on-behalf-of flow).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OnBehalfOf {
    /// The application that exchanges, by name. It is the audience of the token.
    app: Spanned<String>,
    /// The tokens whose access token is exchanged.
    tokens: Spanned<String>,
    /// The requested scopes.
    scope: Spanned<String>,
    /// The name under which the tokens are stored.
    keep: Option<Spanned<String>>,
    /// The expected refusal, if any.
    refused: Option<RefusalExpectation>,
}

impl Verb for OnBehalfOf {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.literal(Position::of(&self.scope), &self.scope.value);
        checker.must(Kind::Application, &self.app);
        checker.must(Kind::Tokens, &self.tokens);
        if self.refused.is_none() {
            checker.scope_is_given(&self.scope);
            if checker.application(&self.app).is_some_and(|app| !app.secret) {
                let message =
                    format!("'{}' has no client secret, which the exchange requires", self.app.value);
                let remedy = "use an application with a secret, or expect refused";
                checker.wrong_at(Position::of(&self.app), message, remedy);
            }
        }
        let offline = self.scope.value.split_whitespace().any(|scope| scope == "offline_access");
        let without = (!offline).then_some("its request did not include offline_access");
        checker.token_response(self.keep.as_ref(), self.refused.as_ref(), without);
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let client = world.client(&self.app.value)?;
        let assertion = world.kept(&self.tokens.value)?.tokens.access_token.clone();
        let result = client.on_behalf_of(&world.http, &assertion, &self.scope.value).await;
        let action = format!("{} exchanges the access token '{}'", self.app.value, self.tokens.value);
        let slot = TokenSlot {
            name: text_of(self.keep.as_ref()),
            app: &self.app.value,
            scope: &self.scope.value,
            cae_capable: false,
        };
        world.record_response(&action, result, self.refused.as_ref(), &slot, recorder)
    }
}
