//! The verb `register_authenticator`.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::{Verb, default_text};
use crate::browser::{Browser, CodePage, secret_on};
use crate::diagnostic::Position;
use crate::oauth_client::stops_at;
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::result::Check;
use crate::scenario::run::created::ScenarioAuthenticator;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// A user from whom MFA is required signs in with the password, adds the secret on the page to an
/// authenticator app, and enters its code.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegisterAuthenticator {
    /// The user's role.
    user: Spanned<String>,
    /// The application's name.
    app: Spanned<String>,
    /// The requested scopes.
    #[serde(default = "open_id")]
    scope: Spanned<String>,
}

fn open_id() -> Spanned<String> {
    default_text("openid")
}

impl Verb for RegisterAuthenticator {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.literal(Position::of(&self.scope), &self.scope.value);
        checker.must(Kind::User, &self.user);
        checker.must(Kind::Application, &self.app);
        checker.users_can_sign_in(&self.app);
        checker.scope_is_given(&self.scope);
        checker.known.authenticator_apps.insert(&self.user.value);
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let role = &self.user.value;
        let (client, user) = (world.client(&self.app.value)?, world.user(role)?);
        let request = client.authorization_request(&world.random, &user.upn, &self.scope.value)?;
        let (account, stop) = ((user.upn.as_str(), user.password.as_str()), stops_at(&client.redirect_uri));
        let mut browser = Browser::new(world.http.clone());
        let reached = CodePage::reach(&mut browser, request.authorize.clone(), account, &stop).await?;
        let CodePage::Asks { page, form } = reached else {
            recorder.note(format!("{} signs in to {} with the password alone", user.upn, self.app.value));
            recorder.check(Check::that("page", "a code is required", "no code was required", false));
            return Ok(());
        };
        let Some(app) = secret_on(&page) else {
            recorder.check(Check::that("page", "a secret for an authenticator app", page.text, false));
            return Ok(());
        };
        let code = app.codes_at(world.now).current;
        let ended = CodePage::enter(&mut browser, &form, &code, account, &stop).await;
        recorder.note(format!("{} adds the account to an authenticator app and enters its code", user.upn));
        let actual = ended.as_ref().map_or_else(ToString::to_string, |_| "registered".to_owned());
        recorder.check(Check::that("authenticator app", "registered", actual, ended.is_ok()));
        let app = ScenarioAuthenticator { app, used: Some(code) };
        world.created.authenticator_apps.insert(role.clone(), app);
        world.browsers.insert(role.clone(), browser);
        Ok(())
    }
}
