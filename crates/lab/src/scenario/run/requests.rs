//! Steps in which somebody asks for tokens or uses them.

use reqwest::Method;
use serde_json::Value;

use super::telling::Telling;
use super::world::{KeptTokens, StepError, World};
use crate::browser::Browser;
use crate::http::{Answer, excerpt, send};
use crate::oauth_client::{OAuthClient, OAuthError, Refusal, Tokens};
use crate::scenario::file::{Call, ClientCredentials, Graph, Refresh, RefusalExpectation, SignIn, To, With};
use crate::scenario::result::Check;

/// Under which name tokens are kept, and for which application and scopes.
struct Keeping<'a> {
    name: Option<&'a str>,
    app: &'a str,
    scope: &'a str,
    can_be_challenged: bool,
}

impl World {
    pub(super) async fn sign_in(&mut self, step: &SignIn, telling: &mut Telling) -> Result<(), StepError> {
        let client =
            OAuthClient { can_be_challenged: step.can_be_challenged, ..self.client(&step.app.value)? };
        let person = self.person(&step.user.value)?;
        let password = self.password(&step.user.value, &step.password.value)?;
        let role = &step.user.value;
        // A window of its own where something is typed or shown, whatever sessions the person has elsewhere.
        let mut browser = match step.with {
            With::Password | With::Passkey => Browser::new(self.http.clone()),
            With::Session => {
                let browser = self.browsers.remove(role);
                browser.ok_or_else(|| StepError(format!("'{role}' has not signed in before")))?
            }
        };
        browser.follow(self.http.clone());
        if step.stay_signed_in {
            browser.stay_signed_in();
        }
        let (http, random, upn, scope) = (&self.http, &self.random, &person.upn, &step.scope.value);
        let result = match step.with {
            With::Password => client.sign_in(http, &mut browser, random, upn, &password, scope).await,
            With::Passkey => {
                let passkeys = self.authenticators.get_mut(role);
                let passkeys =
                    passkeys.ok_or_else(|| StepError(format!("'{role}' registered no passkey")))?;
                client.sign_in_with_passkey(http, &mut browser, random, upn, passkeys, scope).await
            }
            With::Session => client.sign_in_by_session(http, &mut browser, random, upn, scope).await,
        };
        self.browsers.insert(role.clone(), browser);
        let with = match (step.with, step.password.value.as_str()) {
            (With::Session, _) => " with the browser's session, without a page",
            (With::Passkey, _) => " with a passkey",
            (With::Password, "current") if step.stay_signed_in => " and stays signed in",
            (With::Password, "previous") => " with the previous password",
            (With::Password, _) => "",
        };
        let who = format!("{} signs in to {}{with}", person.upn, step.app.value);
        let keeping = Keeping {
            name: step.keep.as_ref().map(|name| name.value.as_str()),
            app: &step.app.value,
            scope: &step.scope.value,
            can_be_challenged: step.can_be_challenged,
        };
        self.settle(&who, result, step.refused.as_ref(), &keeping, telling)
    }

    pub(super) async fn refresh(&mut self, step: &Refresh, telling: &mut Telling) -> Result<(), StepError> {
        let kept = self.kept(&step.tokens.value)?;
        let (app, scope) = (kept.app.clone(), step.scope.clone().unwrap_or_else(|| kept.scope.clone()));
        let token = kept.tokens.refresh_token.clone();
        let token =
            token.ok_or_else(|| StepError(format!("'{}' holds no refresh token", step.tokens.value)))?;
        let can_be_challenged = kept.can_be_challenged;
        let by = step.by.as_ref().map_or(app.as_str(), |by| by.value.as_str());
        let mut client = OAuthClient { can_be_challenged, ..self.client(by)? };
        let mut how = String::new();
        if let Some(secret) = &step.secret {
            client.secret = Some(secret.clone());
            how.push_str(" with another secret");
        }
        if let Some(origin) = &step.origin {
            client.origin = Some(origin.value.clone());
            how.push_str(&format!(" from a page of {}", origin.value));
        }
        let result = client.refresh(&self.http, &token, &scope).await;
        let who = format!("{by} presents the refresh token '{}'{how}", step.tokens.value);
        let keeping = Keeping {
            name: step.keep.as_ref().map(|name| name.value.as_str()),
            app: &app,
            scope: &scope,
            can_be_challenged,
        };
        self.settle(&who, result, step.refused.as_ref(), &keeping, telling)
    }

    pub(super) async fn client_credentials(
        &mut self,
        step: &ClientCredentials,
        telling: &mut Telling,
    ) -> Result<(), StepError> {
        let result = self.client(&step.app.value)?.client_credentials(&self.http, &step.scope.value).await;
        let who = format!("{} asks for a token of its own", step.app.value);
        let keeping = Keeping {
            name: step.keep.as_ref().map(|name| name.value.as_str()),
            app: &step.app.value,
            scope: &step.scope.value,
            can_be_challenged: false,
        };
        self.settle(&who, result, step.refused.as_ref(), &keeping, telling)
    }

    /// Compares what came with what was expected, and keeps the tokens.
    fn settle(
        &mut self,
        who: &str,
        result: Result<Tokens, OAuthError>,
        expected: Option<&RefusalExpectation>,
        keeping: &Keeping<'_>,
        telling: &mut Telling,
    ) -> Result<(), StepError> {
        match (result, expected) {
            (Err(OAuthError::Refused(refusal)), Some(expected)) => {
                telling.tell(format!("{who}: refused, {refusal}"));
                self.compare_refusal(&refusal, expected, telling)?;
            }
            (Err(OAuthError::Refused(refusal)), None) => {
                telling.tell(format!("{who}: refused, {refusal}"));
                telling.check(Check::that("answer", "tokens", refusal.to_string(), false));
            }
            (Ok(_), Some(_)) => {
                telling.tell(format!("{who}: tokens were issued"));
                telling.check(Check::that("answer", "a refusal", "tokens were issued", false));
            }
            (Ok(tokens), None) => {
                let minutes = tokens.expires_in_s() / 60;
                telling.tell(format!("{who}: an access token for {minutes} minutes"));
                telling.check(Check::that("answer", "tokens", "tokens", !tokens.access_token.is_empty()));
                if let Some(name) = keeping.name {
                    let (app, scope) = (keeping.app.to_owned(), keeping.scope.to_owned());
                    let kept = KeptTokens {
                        tokens,
                        app,
                        scope,
                        can_be_challenged: keeping.can_be_challenged,
                        issued: self.now,
                    };
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
        telling: &mut Telling,
    ) -> Result<(), StepError> {
        let code = |code: Option<u32>| code.map_or("none".to_owned(), |code| format!("AADSTS{code}"));
        if let Some(status) = &expected.status {
            telling.check(Check::equal("status", status.value, refusal.status));
        }
        if let Some(error) = &expected.error {
            telling.check(Check::equal("error", error, &refusal.error));
        }
        if let Some(aadsts) = &expected.aadsts {
            telling.check(Check::equal("code", code(Some(aadsts.value)), code(refusal.aadsts)));
        }
        if let Some(suberror) = &expected.suberror {
            let came = refusal.suberror.as_deref().unwrap_or("none");
            telling.check(Check::equal("suberror", suberror, came));
        }
        for text in &expected.text_has {
            telling.check(Check::holds("text", &self.fill(text)?, &refusal.description));
        }
        Ok(())
    }

    pub(super) async fn call(&mut self, step: &Call, telling: &mut Telling) -> Result<(), StepError> {
        let urls = &self.handout.urls;
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
        telling.tell(format!("{verb} {path} at {name} with '{}': {}", step.tokens.value, answer.status));
        self.compare_answer(&answer, step.status.value, &step.body_has, telling)?;
        for (header, text) in &step.header_has {
            let came = answer.header(header);
            telling.check(Check::holds(format!("header {header}"), &self.fill(text)?, came));
        }
        Ok(())
    }

    pub(super) async fn graph(&mut self, step: &Graph, telling: &mut Telling) -> Result<(), StepError> {
        let (path, now) = (self.fill(&step.path.value)?, self.now);
        let body = step.body.as_ref().map(|body| self.fill_json(body)).transpose()?;
        let method = method(&step.method.value)?;
        let maker = self.maker(&step.user.value)?;
        let answer = maker.graph(now, method, &path, body.as_ref()).await?;
        let verb = &step.method.value;
        telling.tell(format!("{verb} {path} at Microsoft Graph as {}: {}", step.user.value, answer.status));
        if let Some(name) = &step.keep {
            let json = answer.json();
            let id = json["id"].as_str().map(str::to_owned);
            telling.check(Check::that(
                "id",
                "an id",
                id.clone().unwrap_or_else(|| "none".into()),
                id.is_some(),
            ));
            self.objects.extend(id.map(|id| (name.value.clone(), id)));
        }
        self.compare_answer(&answer, step.status.value, &step.body_has, telling)
    }

    fn compare_answer(
        &self,
        answer: &Answer,
        status: u16,
        body_has: &[String],
        telling: &mut Telling,
    ) -> Result<(), StepError> {
        let mut check = Check::equal("status", status, answer.status);
        if !check.passed {
            check.actual = format!("{} {}", answer.status, excerpt(&answer.body));
        }
        telling.check(check);
        for text in body_has {
            telling.check(Check::holds("body", &self.fill(text)?, &answer.body));
        }
        Ok(())
    }
}

fn method(name: &str) -> Result<Method, StepError> {
    name.parse().map_err(|_| StepError(format!("'{name}' is no HTTP method")))
}

/// A value in `data` of a journal line, by dotted path.
pub(super) fn value_at<'a>(line: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(line.get("data")?, |value, name| value.get(name))
}
