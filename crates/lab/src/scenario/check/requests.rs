//! Checks of steps that request tokens or use them.

use serde_saphyr::Spanned;

use super::Checker;
use super::names::Kind;
use crate::diagnostic::Position;
use crate::scenario::file::{Call, ClientCredentials, Graph, Refresh, RefusalExpectation, SignIn, With};
use crate::seed::SeedApplication;

impl<'a> Checker<'a> {
    pub(super) fn sign_in(&mut self, step: &'a SignIn) {
        let role = step.user.value.as_str();
        self.must(Kind::User, &step.user);
        self.must(Kind::Application, &step.app);
        if step.with != With::Password && step.password.value != "current" {
            let message = "a sign-in with a passkey or a session uses no password";
            self.wrong_at(Position::of(&step.password), message, "remove password, or with");
        }
        if step.with != With::Password && step.stay_signed_in {
            let message = "only a sign-in with a password can use stay_signed_in";
            self.wrong(message, "remove stay_signed_in, or with");
        }
        if step.with == With::Passkey && !self.known.passkeys.contains(role) {
            self.wrong(format!("'{role}' has no passkey yet"), "add a step register_passkey before this one");
        }
        if step.with == With::Session && !self.known.browsers.contains(role) {
            let message = format!("'{role}' has no session yet");
            self.wrong(message, "let the user sign in with a password or a passkey before this step");
        }
        if step.password.value == "previous" && !self.known.changed_passwords.contains(role) {
            let message = format!("the password of '{role}' has not changed yet");
            self.wrong_at(Position::of(&step.password), message, "change it before this step");
        }
        if step.refused.is_none() {
            self.scope_is_given(&step.scope);
            if self.application(&step.app).is_some_and(|app| app.redirect_uris.is_empty()) {
                let message =
                    format!("'{}' has no redirect URI, so users cannot sign in to it", step.app.value);
                self.wrong_at(Position::of(&step.app), message, "use another application, or expect refused");
            }
        }
        // A refresh token is issued only if the client requested offline_access ("Scopes and
        // permissions in the Microsoft identity platform").
        let offline = step.scope.value.split_whitespace().any(|scope| scope == "offline_access");
        let without = (!offline).then_some("its sign-in did not request offline_access");
        self.token_response(step.keep.as_ref(), step.refused.as_ref(), without);
        self.known.browsers.insert(role);
    }

    pub(super) fn refresh(&mut self, step: &'a Refresh) {
        self.must(Kind::Tokens, &step.tokens);
        self.must_if(Kind::Application, step.by.as_ref());
        if let Some(why) = self.known.without_refresh_token.get(step.tokens.value.as_str()) {
            let message = format!("'{}' has no refresh token: {why}", step.tokens.value);
            let remedy = "add offline_access to the scope of the sign_in step";
            self.wrong_at(Position::of(&step.tokens), message, remedy);
        }
        if let Some(origin) = &step.origin {
            self.origin(origin);
        }
        // A refresh always returns a new refresh token.
        self.token_response(step.keep.as_ref(), step.refused.as_ref(), None);
    }

    pub(super) fn client_credentials(&mut self, step: &'a ClientCredentials) {
        self.must(Kind::Application, &step.app);
        if step.refused.is_none() {
            self.scope_is_given(&step.scope);
            let has_credential = |app: &SeedApplication| {
                app.secret || !app.certificates.is_empty() || !app.federated_credentials.is_empty()
            };
            if self.application(&step.app).is_some_and(|app| !has_credential(app)) {
                let message = format!("'{}' has no credential of its own", step.app.value);
                self.wrong_at(
                    Position::of(&step.app),
                    message,
                    "use a confidential application, or expect refused",
                );
            }
            if !step.scope.value.split_whitespace().all(|scope| scope.ends_with("/.default")) {
                let message = format!("an application cannot request '{}' for itself", step.scope.value);
                let remedy = "write RESOURCE/.default, or expect refused";
                self.wrong_at(Position::of(&step.scope), message, remedy);
            }
        }
        let without = Some("an app-only token response has none");
        self.token_response(step.keep.as_ref(), step.refused.as_ref(), without);
    }

    pub(super) fn call(&mut self, step: &Call) {
        self.must(Kind::Tokens, &step.tokens);
        self.method(&step.method);
        self.path(&step.path, "/orders");
        self.http_status(&step.status);
        step.header_has.keys().for_each(|name| self.header_name(name));
        self.texts(step.body_has.iter().chain(step.header_has.values()));
        step.body.iter().for_each(|body| self.json(body));
    }

    pub(super) fn graph(&mut self, step: &'a Graph) {
        self.must(Kind::User, &step.user);
        self.method(&step.method);
        self.path(&step.path, "/v1.0/me");
        self.http_status(&step.status);
        self.texts(&step.body_has);
        step.body.iter().for_each(|body| self.json(body));
        if let Some(name) = &step.keep {
            self.known.add(Kind::Object, name);
        }
    }

    /// Checks an expected refusal, and records the tokens that are stored.
    fn token_response(
        &mut self,
        keep: Option<&'a Spanned<String>>,
        refused: Option<&RefusalExpectation>,
        without_refresh_token: Option<&'static str>,
    ) {
        if let Some(refused) = refused {
            self.refusal(refused);
        }
        let Some(name) = keep else { return };
        if refused.is_some() {
            let message = format!("a refused request returns no tokens to keep as '{}'", name.value);
            self.wrong_at(Position::of(name), message, "remove keep, or refused");
        }
        self.known.keep(name, without_refresh_token);
    }

    fn scope_is_given(&mut self, scope: &Spanned<String>) {
        if scope.value.trim().is_empty() {
            let message = "a token request without a scope is refused";
            self.wrong_at(Position::of(scope), message, "write the scopes, or expect refused");
        }
    }

    fn application(&self, name: &Spanned<String>) -> Option<&'a SeedApplication> {
        self.seed?.file.applications.iter().find(|app| app.name.value == name.value)
    }
}
