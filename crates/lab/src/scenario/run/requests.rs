//! Steps that request tokens or use them.

use reqwest::Method;

use super::recorder::StepRecorder;
use super::world::{KeptTokens, StepError, World};
use crate::browser::Browser;
use crate::http::{Answer, excerpt, send};
use crate::oauth_client::{OAuthClient, OAuthError, Refusal, Tokens};
use crate::scenario::file::{Call, ClientCredentials, Graph, Refresh, RefusalExpectation, SignIn, To, With};
use crate::scenario::result::Check;

/// Where the tokens of a response are stored, with the application and scopes they are for.
struct TokenSlot<'a> {
    name: Option<&'a str>,
    app: &'a str,
    scope: &'a str,
    cae_capable: bool,
}

impl World {
    pub(super) async fn sign_in(
        &mut self,
        step: &SignIn,
        recorder: &mut StepRecorder,
    ) -> Result<(), StepError> {
        let client = OAuthClient { cae_capable: step.cae_capable, ..self.client(&step.app.value)? };
        let user = self.user(&step.user.value)?;
        let password = self.password(&step.user.value, &step.password.value)?;
        let role = &step.user.value;
        // An interactive sign-in uses a new browser, without the user's existing sessions.
        let mut browser = match step.with {
            With::Password | With::Passkey => Browser::new(self.http.clone()),
            With::Session => {
                let browser = self.browsers.remove(role);
                browser.ok_or_else(|| StepError(format!("'{role}' has not signed in before")))?
            }
        };
        browser.set_http(self.http.clone());
        if step.stay_signed_in {
            browser.stay_signed_in();
        }
        let (http, random, upn, scope) = (&self.http, &self.random, &user.upn, &step.scope.value);
        let result = match step.with {
            With::Password => client.sign_in(http, &mut browser, random, upn, &password, scope).await,
            With::Passkey => {
                let passkeys = self.authenticators.get_mut(role);
                let passkeys =
                    passkeys.ok_or_else(|| StepError(format!("'{role}' has not registered a passkey")))?;
                client.sign_in_with_passkey(http, &mut browser, random, upn, passkeys, scope).await
            }
            With::Session => client.sign_in_by_session(http, &mut browser, random, upn, scope).await,
        };
        self.browsers.insert(role.clone(), browser);
        let with = match (step.with, step.password.value.as_str()) {
            (With::Session, _) => " with the session of the browser, without interaction",
            (With::Passkey, _) => " with a passkey",
            (With::Password, "current") if step.stay_signed_in => " and stays signed in",
            (With::Password, "previous") => " with the previous password",
            (With::Password, _) => "",
        };
        let action = format!("{} signs in to {}{with}", user.upn, step.app.value);
        let slot = TokenSlot {
            name: step.keep.as_ref().map(|name| name.value.as_str()),
            app: &step.app.value,
            scope: &step.scope.value,
            cae_capable: step.cae_capable,
        };
        self.record_response(&action, result, step.refused.as_ref(), &slot, recorder)
    }

    pub(super) async fn refresh(
        &mut self,
        step: &Refresh,
        recorder: &mut StepRecorder,
    ) -> Result<(), StepError> {
        let kept = self.kept(&step.tokens.value)?;
        let (app, scope) = (kept.app.clone(), step.scope.clone().unwrap_or_else(|| kept.scope.clone()));
        let token = kept.tokens.refresh_token.clone();
        let token =
            token.ok_or_else(|| StepError(format!("'{}' has no refresh token", step.tokens.value)))?;
        let cae_capable = kept.cae_capable;
        let by = step.by.as_ref().map_or(app.as_str(), |by| by.value.as_str());
        let mut client = OAuthClient { cae_capable, ..self.client(by)? };
        let mut details = String::new();
        if let Some(secret) = &step.secret {
            client.secret = Some(secret.clone());
            details.push_str(" with another secret");
        }
        if let Some(origin) = &step.origin {
            client.origin = Some(origin.value.clone());
            details.push_str(&format!(" from a page of {}", origin.value));
        }
        let result = client.refresh(&self.http, &token, &scope).await;
        let action = format!("{by} presents the refresh token '{}'{details}", step.tokens.value);
        let slot = TokenSlot {
            name: step.keep.as_ref().map(|name| name.value.as_str()),
            app: &app,
            scope: &scope,
            cae_capable,
        };
        self.record_response(&action, result, step.refused.as_ref(), &slot, recorder)
    }

    pub(super) async fn client_credentials(
        &mut self,
        step: &ClientCredentials,
        recorder: &mut StepRecorder,
    ) -> Result<(), StepError> {
        let result = self.client(&step.app.value)?.client_credentials(&self.http, &step.scope.value).await;
        let action = format!("{} requests an app-only token", step.app.value);
        let slot = TokenSlot {
            name: step.keep.as_ref().map(|name| name.value.as_str()),
            app: &step.app.value,
            scope: &step.scope.value,
            cae_capable: false,
        };
        self.record_response(&action, result, step.refused.as_ref(), &slot, recorder)
    }

    /// Compares a token response with the expected one, and stores the tokens.
    fn record_response(
        &mut self,
        action: &str,
        result: Result<Tokens, OAuthError>,
        expected: Option<&RefusalExpectation>,
        slot: &TokenSlot<'_>,
        recorder: &mut StepRecorder,
    ) -> Result<(), StepError> {
        match (result, expected) {
            (Err(OAuthError::Refused(refusal)), Some(expected)) => {
                recorder.note(format!("{action}: refused, {refusal}"));
                self.compare_refusal(&refusal, expected, recorder)?;
            }
            (Err(OAuthError::Refused(refusal)), None) => {
                recorder.note(format!("{action}: refused, {refusal}"));
                recorder.check(Check::that("answer", "tokens", refusal.to_string(), false));
            }
            (Ok(_), Some(_)) => {
                recorder.note(format!("{action}: tokens were issued"));
                recorder.check(Check::that("answer", "a refusal", "tokens were issued", false));
            }
            (Ok(tokens), None) => {
                let minutes = tokens.expires_in_s() / 60;
                recorder.note(format!("{action}: an access token for {minutes} minutes"));
                recorder.check(Check::that("answer", "tokens", "tokens", !tokens.access_token.is_empty()));
                if let Some(name) = slot.name {
                    let (app, scope) = (slot.app.to_owned(), slot.scope.to_owned());
                    let kept =
                        KeptTokens { tokens, app, scope, cae_capable: slot.cae_capable, issued: self.now };
                    self.tokens.insert(name.to_owned(), kept);
                }
            }
            (Err(other), _) => return Err(other.into()),
        }
        Ok(())
    }

    fn compare_refusal(
        &self,
        refusal: &Refusal,
        expected: &RefusalExpectation,
        recorder: &mut StepRecorder,
    ) -> Result<(), StepError> {
        let code = |code: Option<u32>| code.map_or("none".to_owned(), |code| format!("AADSTS{code}"));
        if let Some(status) = &expected.status {
            recorder.check(Check::equal("status", status.value, refusal.status));
        }
        if let Some(error) = &expected.error {
            recorder.check(Check::equal("error", error, &refusal.error));
        }
        if let Some(aadsts) = &expected.aadsts {
            recorder.check(Check::equal("code", code(Some(aadsts.value)), code(refusal.aadsts)));
        }
        if let Some(suberror) = &expected.suberror {
            let actual = refusal.suberror.as_deref().unwrap_or("none");
            recorder.check(Check::equal("suberror", suberror, actual));
        }
        for text in &expected.text_has {
            recorder.check(Check::holds("text", &self.fill(text)?, &refusal.description));
        }
        Ok(())
    }

    pub(super) async fn call(&mut self, step: &Call, recorder: &mut StepRecorder) -> Result<(), StepError> {
        let urls = &self.credentials.urls;
        let (name, origin) = match step.to {
            To::Resource => ("the resource", &urls.resource),
            To::Hub => ("the hub", &urls.hub),
            To::Flow => ("the flow service", &urls.flow),
            To::Idp => ("the identity provider", &urls.idp),
        };
        let url = format!("{origin}{}", self.fill(&step.path.value)?);
        let token = &self.kept(&step.tokens.value)?.tokens.access_token;
        let mut request = self.http.request(method(&step.method.value)?, &url).bearer_auth(token);
        if let Some(body) = &step.body {
            request = request.json(&self.fill_json(body)?);
        }
        let answer = send(request).await?;
        let (verb, path) = (&step.method.value, &step.path.value);
        recorder.note(format!("{verb} {path} at {name} with '{}': {}", step.tokens.value, answer.status));
        self.compare_answer(&answer, step.status.value, &step.body_has, recorder)?;
        for (header, text) in &step.header_has {
            let actual = answer.header(header);
            recorder.check(Check::holds(format!("header {header}"), &self.fill(text)?, actual));
        }
        Ok(())
    }

    pub(super) async fn graph(&mut self, step: &Graph, recorder: &mut StepRecorder) -> Result<(), StepError> {
        let (path, now) = (self.fill(&step.path.value)?, self.now);
        let body = step.body.as_ref().map(|body| self.fill_json(body)).transpose()?;
        let method = method(&step.method.value)?;
        let maker = self.maker(&step.user.value)?;
        let answer = maker.graph(now, method, &path, body.as_ref()).await?;
        let verb = &step.method.value;
        recorder.note(format!("{verb} {path} at Microsoft Graph as {}: {}", step.user.value, answer.status));
        if let Some(name) = &step.keep {
            let json = answer.json();
            let id = json["id"].as_str().map(str::to_owned);
            recorder.check(Check::that(
                "id",
                "an id",
                id.clone().unwrap_or_else(|| "none".into()),
                id.is_some(),
            ));
            self.objects.extend(id.map(|id| (name.value.clone(), id)));
        }
        self.compare_answer(&answer, step.status.value, &step.body_has, recorder)
    }

    fn compare_answer(
        &self,
        answer: &Answer,
        status: u16,
        body_has: &[String],
        recorder: &mut StepRecorder,
    ) -> Result<(), StepError> {
        let mut check = Check::equal("status", status, answer.status);
        if !check.passed {
            check.actual = format!("{} {}", answer.status, excerpt(&answer.body));
        }
        recorder.check(check);
        for text in body_has {
            recorder.check(Check::holds("body", &self.fill(text)?, &answer.body));
        }
        Ok(())
    }
}

fn method(name: &str) -> Result<Method, StepError> {
    name.parse().map_err(|_| StepError(format!("'{name}' is no HTTP method")))
}
