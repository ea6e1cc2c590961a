//! The verb `sign_in`.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::token_response::{RefusalExpectation, TokenSlot};
use super::{Verb, default_text, text_of};
use crate::browser::{Browser, BrowserError};
use crate::diagnostic::Position;
use crate::oauth_client::{OAuthClient, OAuthError};
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// A user signs in to an application in a browser, and the application redeems the code.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    /// The user's role.
    user: Spanned<String>,
    /// The application's name.
    app: Spanned<String>,
    /// The requested scopes.
    scope: Spanned<String>,
    /// How the user signs in.
    #[serde(default)]
    with: With,
    /// Whether "Stay signed in" is selected: the session then survives the end of the browser.
    #[serde(default)]
    stay_signed_in: bool,
    /// Whether the user declines on the consent page: `access_denied`, AADSTS65004.
    #[serde(default)]
    decline_consent: bool,
    /// `current` (default), `previous` (before the last change), or the text to enter.
    #[serde(default = "current")]
    password: Spanned<String>,
    /// Whether the application declares that it handles claims challenges (`cp1`), here and when it
    /// refreshes.
    #[serde(default, rename = "can_be_challenged")]
    cae_capable: bool,
    /// The name under which the tokens are stored.
    keep: Option<Spanned<String>>,
    /// The expected refusal, if any.
    refused: Option<RefusalExpectation>,
}

/// How a user signs in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum With {
    /// With the password.
    #[default]
    Password,
    /// With a passkey that an earlier step registered.
    Passkey,
    /// With the session of the browser of the user's last sign-in, without interaction
    /// (`prompt=none`).
    Session,
}

fn current() -> Spanned<String> {
    default_text("current")
}

impl SignIn {
    pub(super) fn is_by_session(&self) -> bool {
        self.with == With::Session
    }

    pub(super) fn is_by_passkey(&self) -> bool {
        self.with == With::Passkey
    }
}

impl Verb for SignIn {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.literal(Position::of(&self.password), &self.password.value);
        checker.literal(Position::of(&self.scope), &self.scope.value);
        let role = self.user.value.as_str();
        checker.must(Kind::User, &self.user);
        checker.must(Kind::Application, &self.app);
        if self.with != With::Password && self.password.value != "current" {
            let message = "a sign-in with a passkey or a session uses no password";
            checker.wrong_at(Position::of(&self.password), message, "remove password, or with");
        }
        if self.with != With::Password && self.stay_signed_in {
            let message = "only a sign-in with a password can use stay_signed_in";
            checker.wrong(message, "remove stay_signed_in, or with");
        }
        if self.decline_consent && (self.with != With::Password || self.refused.is_none()) {
            let message = "a user declines on a page after the password, and the application is refused";
            checker.wrong(message, "add refused, for example {aadsts: 65004}, and no with");
        }
        if self.with == With::Passkey && !checker.known.passkeys.contains(role) {
            checker
                .wrong(format!("'{role}' has no passkey yet"), "add a step register_passkey before this one");
        }
        if self.with == With::Session && !checker.known.browsers.contains(role) {
            let message = format!("'{role}' has no session yet");
            checker.wrong(message, "let the user sign in with a password or a passkey before this step");
        }
        if self.password.value == "previous" && !checker.known.changed_passwords.contains(role) {
            let message = format!("the password of '{role}' has not changed yet");
            checker.wrong_at(Position::of(&self.password), message, "change it before this step");
        }
        if self.refused.is_none() {
            checker.scope_is_given(&self.scope);
            if checker.application(&self.app).is_some_and(|app| app.redirect_uris.is_empty()) {
                let message =
                    format!("'{}' has no redirect URI, so users cannot sign in to it", self.app.value);
                checker.wrong_at(
                    Position::of(&self.app),
                    message,
                    "use another application, or expect refused",
                );
            }
        }
        // A refresh token is issued only if the client requested offline_access ("Scopes and
        // permissions in the Microsoft identity platform").
        let offline = self.scope.value.split_whitespace().any(|scope| scope == "offline_access");
        let without = (!offline).then_some("its sign-in did not request offline_access");
        checker.token_response(self.keep.as_ref(), self.refused.as_ref(), without);
        checker.known.browsers.insert(role);
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let client = OAuthClient { cae_capable: self.cae_capable, ..world.client(&self.app.value)? };
        let user = world.user(&self.user.value)?;
        let password = world.password(&self.user.value, &self.password.value)?;
        let role = &self.user.value;
        // An interactive sign-in uses a new browser, without the user's existing sessions.
        let mut browser = match self.with {
            With::Password | With::Passkey => Browser::new(world.http.clone()),
            With::Session => {
                let browser = world.browsers.remove(role);
                browser.ok_or_else(|| StepError(format!("'{role}' has not signed in before")))?
            }
        };
        browser.set_http(world.http.clone());
        if self.stay_signed_in {
            browser.stay_signed_in();
        }
        if self.decline_consent {
            browser.decline_consent();
        }
        let (http, random, upn, scope) = (&world.http, &world.random, &user.upn, &self.scope.value);
        let result = match self.with {
            With::Password => client.sign_in(http, &mut browser, random, upn, &password, scope).await,
            With::Passkey => {
                let passkeys = world.authenticators.get_mut(role);
                let passkeys =
                    passkeys.ok_or_else(|| StepError(format!("'{role}' has not registered a passkey")))?;
                client.sign_in_with_passkey(http, &mut browser, random, upn, passkeys, scope).await
            }
            With::Session => client.sign_in_by_session(http, &mut browser, random, upn, scope).await,
        };
        world.browsers.insert(role.clone(), browser);
        if let Err(OAuthError::Browser(error @ BrowserError::CodeRequired)) = &result {
            let remedy = "let the user register_authenticator before, and write sign_in_with_code";
            return Err(StepError(format!("{error}: {remedy}")));
        }
        let with = match (self.with, self.password.value.as_str()) {
            (With::Session, _) => " with the session of the browser, without interaction",
            (With::Passkey, _) => " with a passkey",
            (With::Password, _) if self.decline_consent => " and declines the consent",
            (With::Password, "current") if self.stay_signed_in => " and stays signed in",
            (With::Password, "previous") => " with the previous password",
            (With::Password, _) => "",
        };
        let action = format!("{} signs in to {}{with}", user.upn, self.app.value);
        let slot = TokenSlot {
            name: text_of(self.keep.as_ref()),
            app: &self.app.value,
            scope: &self.scope.value,
            cae_capable: self.cae_capable,
        };
        world.record_response(&action, result, self.refused.as_ref(), &slot, recorder)
    }
}
