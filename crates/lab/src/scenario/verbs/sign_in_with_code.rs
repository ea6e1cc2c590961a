//! The verb `sign_in_with_code`.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::token_response::{RefusalExpectation, TokenSlot};
use super::{Verb, default_text, text_of};
use crate::browser::{Browser, CodePage};
use crate::diagnostic::Position;
use crate::maker::UserAccount;
use crate::oauth_client::{OAuthClient, OAuthError, Tokens, stops_at};
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::result::Check;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// A user signs in to an application with the password and a code of the authenticator app (MFA).
///
/// A code is accepted once: if the present one was used already, time moves on to the next one,
/// within 30 seconds.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignInWithCode {
    /// The user's role.
    user: Spanned<String>,
    /// The application's name.
    app: Spanned<String>,
    /// The requested scopes.
    scope: Spanned<String>,
    /// `right` (default), `wrong`, or `used`: the last code that was accepted.
    #[serde(default = "right")]
    code: Spanned<String>,
    /// The name under which the tokens are stored.
    keep: Option<Spanned<String>>,
    /// The expected refusal, if any.
    refused: Option<RefusalExpectation>,
}

fn right() -> Spanned<String> {
    default_text("right")
}

impl Verb for SignInWithCode {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.literal(Position::of(&self.scope), &self.scope.value);
        checker.must(Kind::User, &self.user);
        checker.must(Kind::Application, &self.app);
        checker.users_can_sign_in(&self.app);
        checker.scope_is_given(&self.scope);
        checker.one_of("code", &self.code, &["right", "wrong", "used"]);
        let role = self.user.value.as_str();
        if !checker.known.authenticator_apps.contains(role) {
            let message = format!("'{role}' has no authenticator app yet");
            checker.wrong(message, "add a step register_authenticator before this one");
        }
        let offline = self.scope.value.split_whitespace().any(|scope| scope == "offline_access");
        let without = (!offline).then_some("its sign-in did not request offline_access");
        checker.token_response(self.keep.as_ref(), self.refused.as_ref(), without);
        checker.known.browsers.insert(role);
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let role = &self.user.value;
        let (client, user) = (world.client(&self.app.value)?, world.user(role)?);
        let code = world.code_of(role, &self.code.value).await?;
        let mut browser = Browser::new(world.http.clone());
        let result = self.sign_in(world, &client, &mut browser, &user, &code, recorder).await;
        if result.is_ok()
            && let Some(app) = world.created.authenticator_apps.get_mut(role)
        {
            app.used = Some(code);
        }
        world.browsers.insert(role.clone(), browser);
        let which = match self.code.value.as_str() {
            "wrong" => "a wrong code",
            "used" => "a code that was used before",
            _ => "a code",
        };
        let action = format!("{} signs in to {} with the password and {which}", user.upn, self.app.value);
        let slot = TokenSlot {
            name: text_of(self.keep.as_ref()),
            app: &self.app.value,
            scope: &self.scope.value,
            cae_capable: false,
        };
        world.record_response(&action, result, self.refused.as_ref(), &slot, recorder)
    }
}

impl SignInWithCode {
    async fn sign_in(
        &self,
        world: &World,
        client: &OAuthClient,
        browser: &mut Browser,
        user: &UserAccount,
        code: &str,
        recorder: &mut StepRecorder<'_>,
    ) -> Result<Tokens, OAuthError> {
        let scope = &self.scope.value;
        let (account, stop) = ((user.upn.as_str(), user.password.as_str()), stops_at(&client.redirect_uri));
        let request = client.authorization_request(&world.random, &user.upn, scope)?;
        let reached = CodePage::reach(browser, request.authorize.clone(), account, &stop).await?;
        let back = match reached {
            CodePage::Asks { form, .. } => CodePage::enter(browser, &form, code, account, &stop).await?,
            CodePage::Ended(back) => {
                recorder.check(Check::that("page", "a code is required", "no code was required", false));
                back
            }
        };
        client.redeem_code(&world.http, &back, &request, scope).await
    }
}

impl World {
    /// Returns a code of a user's authenticator app: `right`, `wrong` or `used`.
    async fn code_of(&mut self, role: &str, which: &str) -> Result<String, StepError> {
        let missing = || StepError(format!("'{role}' has no authenticator app"));
        let app = self.created.authenticator_apps.get(role).ok_or_else(missing)?;
        if which == "used" {
            let used = app.used.clone();
            return used.ok_or_else(|| StepError(format!("'{role}' has not used a code yet")));
        }
        let codes = app.app.codes_at(self.now);
        if which == "wrong" {
            let wrong = ["000000", "111111", "222222"];
            let wrong = wrong.into_iter().find(|code| *code != codes.current && *code != codes.next);
            return Ok(wrong.unwrap_or("333333").to_owned());
        }
        match app.code_at(self.now) {
            Ok(code) => Ok(code),
            Err(next) => {
                let code = codes.next;
                self.now = self.lab.set(self.tenant(), next).await?.now;
                Ok(code)
            }
        }
    }
}

impl Checker<'_> {
    /// Checks that an application has a redirect URI.
    pub(super) fn users_can_sign_in(&mut self, app: &Spanned<String>) {
        if self.application(app).is_some_and(|app| app.redirect_uris.is_empty()) {
            let message = format!("'{}' has no redirect URI, so users cannot sign in to it", app.value);
            self.wrong_at(Position::of(app), message, "use another application");
        }
    }
}
