//! `/diagnose`: explains a text that was copied from the real product.

use askama::Template;
use axum::Json;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::actions::verified_form;
use crate::error::{ErrorPage, show};
use crate::frame::{Frame, Section};
use crate::lab::{Lab, LabError, answer_or_refusal, text};
use crate::pages::{Choice, chosen, wants_json};
use crate::state::Console;

/// A diagnosis, as the lab returns it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Diagnosis {
    cause: String,
    title: String,
    happened: String,
    state: String,
    rule: String,
    read: Vec<(String, String)>,
    findings: Vec<Finding>,
    repair: String,
    avoided_by: Vec<String>,
    reports: Vec<String>,
    scenario: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Finding {
    certainty: String,
    text: String,
}

impl Finding {
    fn style(&self) -> &'static str {
        match self.certainty.as_str() {
            "certain" => "is-alive",
            "likely" => "is-fading",
            _ => "is-idle",
        }
    }

    fn icon(&self) -> &'static str {
        match self.certainty.as_str() {
            "certain" => "i-check",
            "likely" => "i-clock",
            _ => "i-unknown",
        }
    }

    fn word(&self) -> &'static str {
        match self.certainty.as_str() {
            "certain" => "Certain",
            "likely" => "Likely",
            _ => "Cannot tell",
        }
    }
}

impl Diagnosis {
    fn style(&self) -> &'static str {
        match self.state.as_str() {
            "alive" => "is-alive",
            "revoked" => "is-revoked",
            "expired" => "is-expired",
            "refused" => "is-fading",
            _ => "is-idle",
        }
    }

    fn word(&self) -> &'static str {
        match self.state.as_str() {
            "alive" => "Alive",
            "revoked" => "Revoked",
            "expired" => "Expired",
            "refused" => "Refused",
            _ => "Not known",
        }
    }

    fn icon(&self) -> &'static str {
        match self.state.as_str() {
            "alive" => "i-alive",
            "revoked" => "i-revoked",
            "expired" => "i-expired",
            "refused" => "i-fading",
            _ => "i-unknown",
        }
    }
}

#[derive(Template)]
#[template(path = "diagnose.html")]
struct DiagnosePage {
    frame: Frame,
    text: String,
    client: String,
    error: Option<String>,
    diagnosis: Option<Diagnosis>,
}

#[derive(Deserialize)]
pub(crate) struct DiagnoseForm {
    token: String,
    tenant: String,
    text: String,
    #[serde(default)]
    client: String,
}

impl Lab {
    async fn diagnose(&self, text: &str, client: &str) -> Result<Diagnosis, LabError> {
        let (url, request) = self.request_at(Method::POST, "/diagnose");
        answer_or_refusal(url, request.json(&json!({"text": text, "client": client}))).await
    }

    async fn reproduction(&self, name: &str) -> Result<String, LabError> {
        let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
        let (url, request) = self.request_at(Method::GET, &format!("/diagnose/scenarios/{name}"));
        text(url, request).await
    }
}

/// `GET /diagnose`
pub(crate) async fn ask(
    State(console): State<Console>,
    query: Result<Query<Choice>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ErrorPage> {
    let choice = query.map(|Query(choice)| choice).unwrap_or(Choice { tenant: None });
    page(&console, choice, &headers, DiagnosePage::empty).await
}

/// `POST /diagnose`: the text is in no URL, because it may contain a token.
pub(crate) async fn explain(
    State(console): State<Console>,
    headers: HeaderMap,
    form: Result<Form<DiagnoseForm>, FormRejection>,
) -> Result<Response, ErrorPage> {
    let Some(form) = verified_form(&console, &headers, form, |form| &form.token) else {
        return Err(ErrorPage::bad_form());
    };
    let client = match form.client.as_str() {
        known @ ("confidential" | "public" | "unknown") => known.to_owned(),
        _ => "as_read".to_owned(),
    };
    let (diagnosis, error) = match console.lab.diagnose(&form.text, &client).await {
        Ok(diagnosis) => (Some(diagnosis), None),
        Err(LabError::Refused { message, .. }) => (None, Some(message)),
        Err(other) => return Err(other.into()),
    };
    if wants_json(&headers) {
        return Ok(Json(diagnosis).into_response());
    }
    let choice = Choice { tenant: Some(form.tenant) };
    let text = form.text;
    page(&console, choice, &headers, |frame| DiagnosePage { frame, text, client, error, diagnosis }).await
}

impl DiagnosePage {
    const fn empty(frame: Frame) -> Self {
        Self { frame, text: String::new(), client: String::new(), error: None, diagnosis: None }
    }

    fn title(&self) -> &str {
        let asked = "Paste an error from the real product: what happened, and what repairs it?";
        self.diagnosis.as_ref().map_or(asked, |diagnosis| &diagnosis.title)
    }
}

async fn page(
    console: &Console,
    choice: Choice,
    headers: &HeaderMap,
    page: impl FnOnce(Frame) -> DiagnosePage,
) -> Result<Response, ErrorPage> {
    let tenant = match chosen(console, choice).await? {
        Ok(tenant) => tenant,
        Err(list) => return Ok(list),
    };
    let page = page(Frame::read(console, headers, Section::Diagnose, tenant).await?);
    Ok(page.frame.respond(show(&page)))
}

/// `GET /diagnose/scenarios/{name}`: the scenario file of a diagnosis.
pub(crate) async fn scenario(
    State(console): State<Console>,
    Path(name): Path<String>,
) -> Result<Response, ErrorPage> {
    let text = console.lab.reproduction(&name).await.map_err(|error| match error {
        LabError::Refused { status: 404, message, .. } => ErrorPage {
            status: 404,
            what: "There is no such scenario".to_owned(),
            why: message,
            remedy: "The page Diagnose links to those that exist.",
        },
        other => other.into(),
    })?;
    let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let headers = [
        (CONTENT_TYPE, "application/yaml; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.yaml\"")),
    ];
    Ok((headers, text).into_response())
}
