//! The verb `http`.

use std::collections::BTreeMap;

use reqwest::header::{HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;

use super::Verb;
use super::answer::{get, method};
use crate::diagnostic::Position;
use crate::http::send;
use crate::scenario::check::checker::Checker;
use crate::scenario::result::Check;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// Any HTTP call to a service, with or without a body, or a GET request to the lab, such as
/// `/lab/tenants/${tenant.id}/outbox`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Http {
    /// The service: `idp`, `hub`, `resource` or `flow`; or `lab`.
    to: Spanned<String>,
    /// The HTTP method.
    #[serde(default = "get")]
    method: Spanned<String>,
    /// The path and query. Placeholders such as `${tenant.id}` are replaced.
    path: Spanned<String>,
    /// Headers of the request, by name.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// The JSON body.
    body: Option<Value>,
    /// The fields of a form, instead of a JSON body.
    form: Option<BTreeMap<String, String>>,
    /// The expected status.
    status: Spanned<u16>,
    /// Texts that headers of the response must contain, by header name.
    #[serde(default)]
    header_has: BTreeMap<String, String>,
    /// Texts that the body must contain.
    #[serde(default)]
    body_has: Vec<String>,
    /// Values in the JSON body, by JSON pointer (`/error/code`).
    #[serde(default)]
    json: BTreeMap<String, Value>,
}

const SERVICES: [&str; 5] = ["idp", "hub", "resource", "flow", LAB];
const LAB: &str = "lab";

impl Verb for Http {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.one_of("service", &self.to, &SERVICES);
        checker.method(&self.method);
        checker.path(&self.path, "/orders");
        checker.http_status(&self.status);
        for (name, value) in &self.headers {
            checker.header_name(name);
            if HeaderValue::from_str(value).is_err() {
                let message = format!("'{value}' is not a value of a header");
                checker.wrong(message, "remove line breaks and control characters");
            }
        }
        self.header_has.keys().for_each(|name| checker.header_name(name));
        let texts = self.headers.values().chain(&self.body_has).chain(self.header_has.values());
        checker.texts(texts.chain(self.form.iter().flat_map(BTreeMap::values)));
        self.body.iter().chain(self.json.values()).for_each(|value| checker.json(value));
        self.json.keys().for_each(|pointer| checker.json_pointer(pointer));
        if self.body.is_some() && self.form.is_some() {
            checker.wrong("a request has one body: this has body and form", "remove one of them");
        }
        if self.to.value == LAB && self.method.value != "GET" {
            let message = "a scenario only reads at the lab: what the lab changes has verbs of its own";
            checker.wrong_at(Position::of(&self.method), message, "use such a verb, or method: GET");
        }
        if self.method.value == "GET" && (self.body.is_some() || self.form.is_some()) {
            let message = "a GET request has no body";
            checker.wrong_at(Position::of(&self.method), message, "add method: POST, or remove the body");
        }
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let (urls, lab) = (&world.credentials.urls, world.lab.origin());
        let origin = match self.to.value.as_str() {
            "idp" => urls.idp.as_str(),
            "hub" => &urls.hub,
            "resource" => &urls.resource,
            LAB => lab,
            _ => &urls.flow,
        };
        let url = format!("{origin}{}", world.fill(&self.path.value)?);
        let mut request = world.http.request(method(&self.method.value)?, &url);
        for (name, value) in &self.headers {
            let name: HeaderName = name.parse()?;
            request = request.header(name, HeaderValue::from_str(&world.fill(value)?)?);
        }
        if let Some(body) = &self.body {
            request = request.json(&world.fill_json(body)?);
        }
        if let Some(form) = &self.form {
            let mut fields = Vec::new();
            for (name, value) in form {
                fields.push((name.as_str(), world.fill(value)?));
            }
            request = request.form(&fields);
        }
        let answer = send(request).await?;
        let (verb, path, to) = (&self.method.value, &self.path.value, &self.to.value);
        recorder.note(format!("{verb} {path} at {to}: {}", answer.status));
        recorder.output.answer = Some(answer.clone());
        world.compare_answer(&answer, self.status.value, &self.body_has, recorder)?;
        for (header, text) in &self.header_has {
            recorder.check(Check::holds(
                format!("header {header}"),
                &world.fill(text)?,
                answer.header(header),
            ));
        }
        let json = answer.json();
        for (pointer, expected) in &self.json {
            let expected = world.fill_json(expected)?;
            let actual = json.pointer(pointer).map_or_else(|| "none".to_owned(), Value::to_string);
            recorder.check(Check::equal(format!("body {pointer}"), expected, actual));
        }
        Ok(())
    }
}

impl Checker<'_> {
    /// Checks a JSON pointer (RFC 6901).
    pub(super) fn json_pointer(&mut self, pointer: &str) {
        if !pointer.is_empty() && !pointer.starts_with('/') {
            let message = format!("'{pointer}' is not a JSON pointer");
            self.wrong(message, format!("begin it with /, for example /{}", pointer.replace('.', "/")));
        }
    }
}
