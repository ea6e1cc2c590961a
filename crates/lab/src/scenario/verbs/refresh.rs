//! The verb `refresh`.

use reqwest::header::HeaderValue;
use serde::Deserialize;
use serde_saphyr::Spanned;
use url::Url;

use super::token_response::{RefusalExpectation, TokenSlot};
use super::{Verb, text_of};
use crate::diagnostic::Position;
use crate::oauth_client::OAuthClient;
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// An application redeems a stored refresh token.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refresh {
    /// The tokens whose refresh token is presented.
    tokens: Spanned<String>,
    /// The requested scopes; by default those of the sign-in.
    scope: Option<String>,
    /// The application that presents the token; by default the one it was issued to.
    by: Option<Spanned<String>>,
    /// The client secret to send; by default the application's own.
    secret: Option<String>,
    /// The `Origin` header; by default the application's own if it is a single-page application.
    origin: Option<Spanned<String>>,
    /// The name under which the new tokens are stored.
    keep: Option<Spanned<String>>,
    /// The expected refusal, if any.
    refused: Option<RefusalExpectation>,
}

impl Verb for Refresh {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::Tokens, &self.tokens);
        checker.must_if(Kind::Application, self.by.as_ref());
        if let Some(why) = checker.known.without_refresh_token.get(self.tokens.value.as_str()) {
            let message = format!("'{}' has no refresh token: {why}", self.tokens.value);
            let remedy = "add offline_access to the scope of the sign_in step";
            checker.wrong_at(Position::of(&self.tokens), message, remedy);
        }
        if let Some(origin) = &self.origin {
            checker.origin(origin);
        }
        // A refresh always returns a new refresh token.
        checker.token_response(self.keep.as_ref(), self.refused.as_ref(), None);
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let kept = world.kept(&self.tokens.value)?;
        let (app, scope) = (kept.app.clone(), self.scope.clone().unwrap_or_else(|| kept.scope.clone()));
        let token = kept.tokens.refresh_token.clone();
        let token =
            token.ok_or_else(|| StepError(format!("'{}' has no refresh token", self.tokens.value)))?;
        let cae_capable = kept.cae_capable;
        let by = self.by.as_ref().map_or(app.as_str(), |by| by.value.as_str());
        let mut client = OAuthClient { cae_capable, ..world.client(by)? };
        let mut details = String::new();
        if let Some(secret) = &self.secret {
            client.secret = Some(secret.clone());
            details.push_str(" with another secret");
        }
        if let Some(origin) = &self.origin {
            client.origin = Some(origin.value.clone());
            details.push_str(&format!(" from a page of {}", origin.value));
        }
        let result = client.refresh(&world.http, &token, &scope).await;
        let action = format!("{by} presents the refresh token '{}'{details}", self.tokens.value);
        let slot = TokenSlot { name: text_of(self.keep.as_ref()), app: &app, scope: &scope, cae_capable };
        world.record_response(&action, result, self.refused.as_ref(), &slot, recorder)
    }
}

impl Checker<'_> {
    fn origin(&mut self, origin: &Spanned<String>) {
        let url = Url::parse(&origin.value).ok();
        let is_origin = url.is_some_and(|url| url.origin().ascii_serialization() == origin.value);
        if HeaderValue::from_str(&origin.value).is_err() || !(is_origin || origin.value == "null") {
            let message = format!("'{}' is not an origin", origin.value);
            let remedy =
                "write scheme, host and port as browsers send them, for example http://localhost:5173";
            self.wrong_at(Position::of(origin), message, remedy);
        }
    }
}
