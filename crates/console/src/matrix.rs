//! `/matrix/credentials`: the published revocation table, and what this system did when each cell
//! was executed.

use askama::Template;
use axum::Json;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Query, State};
use axum::response::{AppendHeaders, IntoResponse, Response};
use http::header::LOCATION;
use http::{HeaderMap, StatusCode};
use outlive_clock::Instant;
use outlive_rules::{Credential, Edition, Event, Fate, Ruleset};
use serde::Deserialize;

use crate::error::{ErrorPage, show};
use crate::executed_matrix::Matrix;
use crate::frame::{Frame, Section};
use crate::pages::{Choice, chosen, wants_json};
use crate::state::Console;
use crate::when::with_times_for_people;

/// Which table, and which of its cells is open.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    tenant: Option<String>,
    /// An edition, or one with changed cells; the tenant's if absent.
    rules: Option<String>,
    /// An opened cell, `event.credential`.
    cell: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct ExecuteForm {
    token: String,
    tenant: String,
    rules: String,
}

#[derive(Template)]
#[template(path = "matrix.html")]
struct MatrixPage {
    frame: Frame,
    title: &'static str,
    below: String,
    rules: String,
    /// The editions, and which of them is shown.
    editions: Vec<(String, bool)>,
    columns: Vec<&'static str>,
    rows: Vec<RowView>,
    open: Option<OpenCell>,
}

struct RowView {
    number: usize,
    title: &'static str,
    cells: Vec<CellView>,
}

struct CellView {
    name: String,
    column: &'static str,
    style: &'static str,
    icon: &'static str,
    word: &'static str,
    code: String,
    is_open: bool,
}

struct OpenCell {
    style: &'static str,
    icon: &'static str,
    state: &'static str,
    place: String,
    sentence: String,
    how: String,
    why: String,
}

/// `GET /matrix/credentials`
pub(crate) async fn credentials(
    State(console): State<Console>,
    query: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ErrorPage> {
    let asked = query.map(|Query(asked)| asked).unwrap_or_default();
    let tenant = match chosen(&console, Choice { tenant: asked.tenant }).await? {
        Ok(tenant) => tenant,
        Err(list) => return Ok(list),
    };
    let (tenants, credentials, clock) =
        tokio::try_join!(console.lab.tenants(), console.lab.tenant(tenant), console.lab.clock(tenant))?;
    let rules = rules_of(asked.rules.as_deref().unwrap_or(&credentials.rules))?;
    let executed = console.executed.of(&rules);
    if wants_json(&headers) {
        return Ok(match executed {
            Some(matrix) => Json(&*matrix).into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        });
    }
    let frame = Frame::of(&console, &headers, Section::Matrix, &credentials, &clock, &tenants, "");
    let page = page_of(frame, &rules, executed.as_deref(), asked.cell.as_deref(), clock.now);
    Ok(page.frame.respond(show(&page)))
}

/// `POST /matrix/credentials`: executes every cell.
pub(crate) async fn execute(
    State(console): State<Console>,
    headers: HeaderMap,
    form: Result<Form<ExecuteForm>, FormRejection>,
) -> Result<Response, ErrorPage> {
    let Ok(Form(form)) = form else { return Err(ErrorPage::bad_form()) };
    if !console.form_key.accepts(&headers, &form.token) {
        return Err(ErrorPage::bad_form());
    }
    let rules = rules_of(&form.rules)?;
    let matrix = console.lab.matrix(&rules.to_string()).await?;
    console.executed.keep(&rules, matrix);
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("tenant", &form.tenant).append_pair("rules", &rules.to_string());
    let location = format!("/matrix/credentials?{}", query.finish());
    Ok((StatusCode::SEE_OTHER, AppendHeaders([(LOCATION, location)])).into_response())
}

pub(crate) fn rules_of(text: &str) -> Result<Ruleset, ErrorPage> {
    text.parse().map_err(|error: outlive_rules::ParseRulesetError| ErrorPage {
        status: 400,
        what: "There is no such table".to_owned(),
        why: error.to_string().trim_end_matches('.').to_owned(),
        remedy: "Choose one of the editions on the page.",
    })
}

fn page_of(
    frame: Frame,
    rules: &Ruleset,
    executed: Option<&Matrix>,
    cell: Option<&str>,
    now: Instant,
) -> MatrixPage {
    let mut open = None;
    let rows = rules.edition().rows().iter().zip(1..).map(|(row, number)| {
        let cells = Credential::ALL.into_iter().map(|credential| {
            let view = cell_of(rules, row.event, credential, executed, cell);
            if view.is_open {
                open =
                    Some(open_cell(rules, (row.event, row.title, number), credential, executed, &view, now));
            }
            view
        });
        RowView { number, title: row.title, cells: cells.collect() }
    });
    let rows: Vec<_> = rows.collect();
    let below = match executed.map(Matrix::count) {
        None => format!("Edition {rules}, as published. Not executed on this system since it started."),
        Some((cells, agreeing)) => {
            format!(
                "Edition {rules}, every cell executed on this system: {agreeing} of {cells} agree with the published table."
            )
        }
    };
    MatrixPage {
        frame,
        title: "A password change revokes two of five kinds of credential; an explicit revocation, all",
        below,
        rules: rules.to_string(),
        editions: Edition::ALL
            .map(|edition| (edition.to_string(), edition.to_string() == rules.to_string()))
            .to_vec(),
        columns: Credential::ALL.map(Credential::title).to_vec(),
        rows,
        open,
    }
}

fn cell_of(
    rules: &Ruleset,
    event: Event,
    credential: Credential,
    executed: Option<&Matrix>,
    open: Option<&str>,
) -> CellView {
    let name = format!("{}.{}", event.name(), credential.name());
    let found = executed.and_then(|matrix| matrix.cell(event.name(), credential.name()));
    let is_alive = match found {
        Some(cell) => cell.observed == "alive",
        None => rules.fate(event, credential) == Fate::Alive,
    };
    let differs = found.is_some_and(|cell| !cell.agrees);
    let (style, icon, word) = match (is_alive, differs) {
        (true, false) => ("is-alive", "i-check", "alive"),
        (true, true) => ("is-alive is-differs", "i-check", "alive"),
        (false, false) => ("is-revoked", "i-cross", "revoked"),
        (false, true) => ("is-revoked is-differs", "i-cross", "revoked"),
    };
    let code = found.and_then(|cell| cell.code.as_deref()).unwrap_or_default();
    CellView {
        is_open: open == Some(name.as_str()),
        name,
        column: credential.title(),
        style,
        icon,
        word,
        code: code.trim_start_matches("AADSTS").to_owned(),
    }
}

fn open_cell(
    rules: &Ruleset,
    (event, title, number): (Event, &'static str, usize),
    credential: Credential,
    executed: Option<&Matrix>,
    view: &CellView,
    now: Instant,
) -> OpenCell {
    let found = executed.and_then(|matrix| matrix.cell(event.name(), credential.name()));
    let column = Credential::ALL.into_iter().position(|other| other == credential).unwrap_or(0) + 1;
    let does = if view.word == "alive" { "leaves alive" } else { "revokes" };
    OpenCell {
        style: if view.word == "alive" { "is-alive" } else { "is-revoked" },
        icon: if view.word == "alive" { "i-alive" } else { "i-revoked" },
        state: if view.word == "alive" { "Stays alive" } else { "Revoked" },
        place: format!("row {number}, column {column}"),
        sentence: format!("“{title}” {does}: {}.", credential.plural()),
        how: match executed.and_then(|matrix| matrix.way(event.name())) {
            Some(way) => format!("Executed: {way}"),
            None => "Not executed yet: this is the published table.".to_owned(),
        },
        why: match found {
            Some(cell) => with_times_for_people(&cell.why, now),
            None if rules.is_overridden(event, credential) => {
                "This cell is changed for this tenant, and differs from the published table.".to_owned()
            }
            None => String::new(),
        },
    }
}
