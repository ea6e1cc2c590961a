//! `/matrix/worksheet`: the revocation table to fill in on paper, and with its answers.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use http::HeaderMap;
use outlive_rules::{Credential, Edition, Fate, Ruleset};
use serde::Deserialize;

use crate::error::{ErrorPage, show};
use crate::executed_matrix::Matrix;
use crate::frame::{Frame, Section};
use crate::pages::{Choice, chosen};
use crate::state::Console;

/// The edition that the worksheet is of.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    tenant: Option<String>,
    edition: Option<String>,
}

#[derive(Template)]
#[template(path = "worksheet.html")]
struct WorksheetPage {
    frame: Frame,
    edition: String,
    /// The editions, and which of them is shown.
    editions: Vec<(String, bool)>,
    document: &'static str,
    section: &'static str,
    dated: &'static str,
    columns: Vec<&'static str>,
    rows: Vec<RowView>,
    with_answers: bool,
    /// How the answers are known.
    filled: &'static str,
    questions: Vec<Question>,
}

struct RowView {
    number: usize,
    title: &'static str,
    /// Whether each credential stays alive; none in a row to fill in.
    cells: Vec<Option<bool>>,
}

struct Question {
    text: &'static str,
    answer: String,
}

/// `GET /matrix/worksheet`
pub(crate) async fn worksheet(
    state: State<Console>,
    asked: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ErrorPage> {
    page(state, asked, headers, false).await
}

/// `GET /matrix/worksheet/answers`
pub(crate) async fn answers(
    state: State<Console>,
    asked: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ErrorPage> {
    page(state, asked, headers, true).await
}

async fn page(
    State(console): State<Console>,
    asked: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
    with_answers: bool,
) -> Result<Response, ErrorPage> {
    let asked = asked.map(|Query(asked)| asked).unwrap_or_default();
    let tenant = match chosen(&console, Choice { tenant: asked.tenant }).await? {
        Ok(tenant) => tenant,
        Err(list) => return Ok(list),
    };
    let (tenants, credentials, clock) =
        tokio::try_join!(console.lab.tenants(), console.lab.tenant(tenant), console.lab.clock(tenant))?;
    let edition = match asked.edition {
        Some(text) => text.parse::<Edition>().map_err(|_| no_edition())?,
        // A tenant with changed cells has the worksheet of its edition.
        None => credentials.rules.parse::<Ruleset>().map_err(|_| no_edition())?.edition(),
    };
    let rules = Ruleset::published(edition);
    let executed = console.executed.of(&rules).filter(|_| with_answers);
    let frame = Frame::of(&console, &headers, Section::Matrix, &credentials, &clock, &tenants, "");
    let page = WorksheetPage {
        frame,
        edition: edition.to_string(),
        editions: Edition::ALL.map(|other| (other.to_string(), other == edition)).to_vec(),
        document: edition.document(),
        section: edition.section(),
        dated: edition.dated(),
        columns: Credential::ALL.map(Credential::title).to_vec(),
        rows: rows(&rules, executed.as_deref(), with_answers),
        with_answers,
        filled: if executed.is_some() { "every cell executed on this system" } else { "as published" },
        questions: questions(&rules),
    };
    Ok(page.frame.respond(show(&page)))
}

fn no_edition() -> ErrorPage {
    ErrorPage {
        status: 400,
        what: "There is no such edition".to_owned(),
        why: format!("the editions are {}", Edition::ALL.map(|edition| edition.to_string()).join(", ")),
        remedy: "Choose one of the editions on the page.",
    }
}

/// The rows: the first is filled in as an example, the others only with the answers.
fn rows(rules: &Ruleset, executed: Option<&Matrix>, with_answers: bool) -> Vec<RowView> {
    let is_alive = |event: outlive_rules::Event, credential: Credential| {
        let seen = executed.and_then(|matrix| matrix.cell(event.name(), credential.name()));
        seen.map_or_else(|| rules.fate(event, credential) == Fate::Alive, |cell| cell.observed == "alive")
    };
    let rows = rules.edition().rows().iter().zip(1..).map(|(row, number)| RowView {
        number,
        title: row.title,
        cells: Credential::ALL
            .map(|credential| (with_answers || number == 1).then(|| is_alive(row.event, credential)))
            .to_vec(),
    });
    rows.collect()
}

/// Three questions, with answers that follow from the table.
fn questions(rules: &Ruleset) -> Vec<Question> {
    let of_confidential = |wanted: Fate| {
        let rows = rules.edition().rows().iter().zip(1..);
        let rows = rows.filter(|(row, _)| {
            row.event.name().starts_with("admin_reset")
                && rules.fate(row.event, Credential::ConfidentialToken) == wanted
        });
        rows.map(|(row, number)| format!("{} (row {number})", row.title)).collect::<Vec<_>>().join("; ")
    };
    let (spare, revoke) = (of_confidential(Fate::Alive), of_confidential(Fate::Revoked));
    let resets = match (spare.is_empty(), revoke.is_empty()) {
        (false, true) => format!("{spare}. In this edition no reset revokes what confidential clients hold."),
        (true, _) => format!("None: {revoke} revokes what confidential clients hold."),
        (false, false) => format!("{spare}. To be avoided: {revoke}."),
    };
    let changed = rules.fate(outlive_rules::Event::PasswordChangedByUser, Credential::ConfidentialToken);
    let goes_on = match changed {
        Fate::Alive => {
            "It succeeds. The hub is a confidential client; row 2 leaves its refresh token alive, and so the hub \
             gets a new access token."
        }
        Fate::Revoked => "It fails: row 2 revokes the refresh token of the hub.",
    };
    vec![
        Question {
            text: "The owner changes the password at 12:01. A flow uses a connection whose connector has a client \
                   secret. What happens at 14:00, and why?",
            answer: goes_on.to_owned(),
        },
        Question {
            text: "The same hour, a connector without a secret. Which code appears, and what repairs it?",
            answer: "AADSTS50173 at the next refresh. The owner signs in again (Fix connection); the flow needs no \
                     change."
                .to_owned(),
        },
        Question {
            text: "An administrator wants the flow to keep running through a reset of the password. Which reset, \
                   and which one must be avoided?",
            answer: resets,
        },
    ]
}
