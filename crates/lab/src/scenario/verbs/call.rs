//! The verb `call`.

use std::collections::BTreeMap;

use reqwest::header::{AUTHORIZATION, HeaderName};
use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;

use super::Verb;
use super::answer::{get, method};
use crate::http::send;
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::result::Check;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// A call with a stored access token.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Call {
    /// The tokens whose access token is presented.
    tokens: Spanned<String>,
    /// How it is presented.
    #[serde(default)]
    scheme: Scheme,
    /// The service.
    #[serde(default = "resource")]
    to: To,
    /// The HTTP method.
    #[serde(default = "get")]
    method: Spanned<String>,
    /// The path and query.
    path: Spanned<String>,
    /// The JSON body.
    body: Option<Value>,
    /// The expected status.
    status: Spanned<u16>,
    /// Texts that headers must contain, by header name.
    #[serde(default)]
    header_has: BTreeMap<String, String>,
    /// Texts that the body must contain.
    #[serde(default)]
    body_has: Vec<String>,
}

/// The scheme of `Authorization`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
enum Scheme {
    #[default]
    Bearer,
    /// That of connection keys.
    Key,
}

/// The service that is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum To {
    /// The orders resource.
    Resource,
    /// The hub.
    Hub,
    /// The flow service.
    Flow,
    /// The identity provider.
    Idp,
}

const fn resource() -> To {
    To::Resource
}

impl Verb for Call {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::Tokens, &self.tokens);
        checker.method(&self.method);
        checker.path(&self.path, "/orders");
        checker.http_status(&self.status);
        self.header_has.keys().for_each(|name| checker.header_name(name));
        checker.texts(self.body_has.iter().chain(self.header_has.values()));
        self.body.iter().for_each(|body| checker.json(body));
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let urls = &world.credentials.urls;
        let (name, origin) = match self.to {
            To::Resource => ("the resource", &urls.resource),
            To::Hub => ("the hub", &urls.hub),
            To::Flow => ("the flow service", &urls.flow),
            To::Idp => ("the identity provider", &urls.idp),
        };
        let url = format!("{origin}{}", world.fill(&self.path.value)?);
        let token = &world.kept(&self.tokens.value)?.tokens.access_token;
        let authorization = match self.scheme {
            Scheme::Bearer => format!("Bearer {token}"),
            Scheme::Key => format!("Key {token}"),
        };
        let request = world.http.request(method(&self.method.value)?, &url);
        let mut request = request.header(AUTHORIZATION, authorization);
        if let Some(body) = &self.body {
            request = request.json(&world.fill_json(body)?);
        }
        let answer = send(request).await?;
        let (verb, path) = (&self.method.value, &self.path.value);
        recorder.note(format!("{verb} {path} at {name} with '{}': {}", self.tokens.value, answer.status));
        world.compare_answer(&answer, self.status.value, &self.body_has, recorder)?;
        for (header, text) in &self.header_has {
            let actual = answer.header(header);
            recorder.check(Check::holds(format!("header {header}"), &world.fill(text)?, actual));
        }
        Ok(())
    }
}

impl Checker<'_> {
    pub(super) fn header_name(&mut self, name: &str) {
        if HeaderName::from_bytes(name.as_bytes()).is_err() {
            self.wrong(format!("'{name}' is not a header name"), "for example www-authenticate");
        }
    }
}
