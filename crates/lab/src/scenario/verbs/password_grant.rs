//! The verb `password_grant`.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::token_response::{RefusalExpectation, TokenSlot};
use super::{Verb, default_text, text_of};
use crate::diagnostic::Position;
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// An application requests tokens with a user's name and password, without a browser (ROPC).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordGrant {
    /// The user's role.
    user: Spanned<String>,
    /// The application's name.
    app: Spanned<String>,
    /// The requested scopes.
    scope: Spanned<String>,
    /// `current` (default), `previous` (before the last change), or the text to send.
    #[serde(default = "current")]
    password: Spanned<String>,
    /// The name under which the tokens are stored.
    keep: Option<Spanned<String>>,
    /// The expected refusal, if any.
    refused: Option<RefusalExpectation>,
}

fn current() -> Spanned<String> {
    default_text("current")
}

impl Verb for PasswordGrant {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.literal(Position::of(&self.scope), &self.scope.value);
        checker.must(Kind::User, &self.user);
        checker.must(Kind::Application, &self.app);
        checker.previous_password(&self.user.value, &self.password);
        if self.refused.is_none() {
            checker.scope_is_given(&self.scope);
        }
        let offline = self.scope.value.split_whitespace().any(|scope| scope == "offline_access");
        let without = (!offline).then_some("its request did not include offline_access");
        checker.token_response(self.keep.as_ref(), self.refused.as_ref(), without);
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let client = world.client(&self.app.value)?;
        let upn = world.user(&self.user.value)?.upn;
        let password = world.password(&self.user.value, &self.password.value)?;
        let result = client.password(&world.http, &upn, &password, &self.scope.value).await;
        let which = match self.password.value.as_str() {
            "current" => "the password",
            "previous" => "the previous password",
            _ => "another password",
        };
        let action = format!("{} sends {which} of {upn}", self.app.value);
        let slot = TokenSlot {
            name: text_of(self.keep.as_ref()),
            app: &self.app.value,
            scope: &self.scope.value,
            cae_capable: false,
        };
        world.record_response(&action, result, self.refused.as_ref(), &slot, recorder)
    }
}

impl Checker<'_> {
    /// Checks that `previous` refers to a password that was changed.
    pub(super) fn previous_password(&mut self, role: &str, password: &Spanned<String>) {
        if password.value == "previous" && !self.known.changed_passwords.contains(role) {
            let message = format!("the password of '{role}' has not changed yet");
            self.wrong_at(Position::of(password), message, "change it before this step");
        }
    }
}
