//! `/matrix/connections`: what each event does to each kind of connection, and what repairs it, as
//! this system did it.

use askama::Template;
use axum::Json;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Query, State};
use axum::response::{AppendHeaders, IntoResponse, Response};
use http::header::LOCATION;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use crate::connection_filter::{Choice, Filter, breaks, breaks_anyway};
use crate::error::{ErrorPage, show};
use crate::executed_connections::{Cell, Column, ConnectionMatrix, Row};
use crate::frame::{Frame, Section};
use crate::number_words::{capital, number};
use crate::pages::{self, chosen, wants_json};
use crate::state::Console;
use crate::words::brief;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    tenant: Option<String>,
    /// An opened cell, `event.connection`.
    cell: Option<String>,
    event: Option<String>,
    kind: Option<String>,
    only: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct ExecuteForm {
    token: String,
    tenant: String,
}

#[derive(Template)]
#[template(path = "connection_matrix.html")]
struct ConnectionMatrixPage {
    frame: Frame,
    title: String,
    below: String,
    groups: Vec<(String, usize)>,
    columns: Vec<String>,
    rows: Vec<RowView>,
    /// Whether the matrix was executed.
    is_executed: bool,
    events: Vec<Choice>,
    kinds: Vec<Choice>,
    only: bool,
    /// The filter in links.
    query: String,
}

struct RowView {
    number: usize,
    /// The heading above the row, if it is the first of its kind.
    band: Option<String>,
    title: String,
    repair: String,
    outcomes: Vec<OutcomeView>,
    cells: Vec<CellView>,
    open: Option<OpenCell>,
}

/// The kinds of connections with one outcome, for narrow pages.
struct OutcomeView {
    style: &'static str,
    icon: &'static str,
    words: String,
    kinds: String,
}

struct CellView {
    name: String,
    column: String,
    style: String,
    icon: &'static str,
    word: &'static str,
    code: String,
    is_open: bool,
}

struct OpenCell {
    style: &'static str,
    sentence: String,
    text: String,
    story: Vec<String>,
    repair: Vec<String>,
    repair_words: &'static str,
    source: String,
}

/// `GET /matrix/connections`
pub(crate) async fn connections(
    State(console): State<Console>,
    query: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ErrorPage> {
    let asked = query.map(|Query(asked)| asked).unwrap_or_default();
    let tenant = match chosen(&console, pages::Choice { tenant: asked.tenant }).await? {
        Ok(tenant) => tenant,
        Err(list) => return Ok(list),
    };
    let executed = console.executed_connections.get();
    let filter = Filter { event: asked.event, kind: asked.kind, only: asked.only };
    if wants_json(&headers) {
        return Ok(match executed {
            Some(matrix) => Json(&*matrix).into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        });
    }
    let (tenants, credentials, clock) =
        tokio::try_join!(console.lab.tenants(), console.lab.tenant(tenant), console.lab.clock(tenant))?;
    let frame = Frame::of(&console, &headers, Section::Matrix, &credentials, &clock, &tenants, "");
    let page = page_of(frame, executed.as_deref(), asked.cell.as_deref(), filter);
    Ok(page.frame.respond(show(&page)))
}

/// `POST /matrix/connections`: executes every cell, and its repair.
pub(crate) async fn execute(
    State(console): State<Console>,
    headers: HeaderMap,
    form: Result<Form<ExecuteForm>, FormRejection>,
) -> Result<Response, ErrorPage> {
    let Ok(Form(form)) = form else { return Err(ErrorPage::bad_form()) };
    if !console.form_key.accepts(&headers, &form.token) {
        return Err(ErrorPage::bad_form());
    }
    let matrix = console.lab.connection_matrix().await?;
    console.executed_connections.keep(matrix);
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let location = format!("/matrix/connections?{}", query.append_pair("tenant", &form.tenant).finish());
    Ok((StatusCode::SEE_OTHER, AppendHeaders([(LOCATION, location)])).into_response())
}

fn page_of(
    frame: Frame,
    executed: Option<&ConnectionMatrix>,
    open: Option<&str>,
    filter: Filter,
) -> ConnectionMatrixPage {
    let Some(matrix) = executed else {
        return ConnectionMatrixPage {
            frame,
            title: "What breaks a connection, and what repairs it?".to_owned(),
            below: "Not executed on this system since it started. Each cell runs a real hourly flow in a tenant of its own, and \
                    its repair; that takes about ten seconds on two cores, and more in a debug build."
                .to_owned(),
            groups: Vec::new(),
            columns: Vec::new(),
            rows: Vec::new(),
            is_executed: false,
            events: Vec::new(),
            kinds: Vec::new(),
            only: false,
            query: String::new(),
        };
    };
    let cells = || matrix.rows.iter().flat_map(|row| &row.cells);
    let repaired = cells()
        .filter(|cell| cell.repair.as_ref().is_some_and(|repair| repair.executed && repair.works))
        .count();
    let filter = filter.known(matrix);
    let columns: Vec<&Column> = matrix.columns.iter().filter(|one| filter.shows_column(one)).collect();
    let mut band = "";
    let rows = matrix.rows.iter().zip(1..).filter_map(|(row, number)| {
        let is_shown = |cell: &&Cell| columns.iter().any(|one| one.connection == cell.connection);
        let cells: Vec<&Cell> = row.cells.iter().filter(is_shown).collect();
        if !filter.shows_row(row, &cells) {
            return None;
        }
        let heading = (row.band != band).then(|| row.band.clone());
        band = &row.band;
        Some(row_of((row, &cells), number, heading, &columns, open))
    });
    let rows = rows.collect();
    let mut groups: Vec<(String, usize)> = Vec::new();
    for column in &columns {
        match groups.last_mut() {
            Some((group, count)) if *group == column.group => *count += 1,
            _ => groups.push((column.group.clone(), 1)),
        }
    }
    let breaking = matrix.rows.iter().filter(|row| row.cells.first().is_some_and(breaks)).count();
    ConnectionMatrixPage {
        frame,
        title: match breaking {
            1 => "One event breaks a confidential connection; a changed password does not".to_owned(),
            events => format!(
                "{} events break a confidential connection; a changed password does not",
                capital(&number(events))
            ),
        },
        below: format!(
            "Each cell ran a real hourly flow in a tenant of its own, and its repair: {} of {} as expected ({} by our own choice), \
             {repaired} repaired as stated, in {} seconds. Rules {}.",
            cells().filter(|cell| cell.agrees).count(),
            cells().count(),
            cells().filter(|cell| cell.own_choice).count(),
            matrix.seconds,
            matrix.rules,
        ),
        groups,
        columns: columns.iter().map(|column| column.short.clone()).collect(),
        rows,
        is_executed: true,
        events: filter.events(matrix),
        kinds: filter.kinds(matrix),
        only: filter.only.is_some(),
        query: filter.query(),
    }
}

/// The style, icon and words of an outcome: in a cell, and of a list of kinds.
fn outcome_of(observed: &str) -> (&'static str, &'static str, &'static str, &'static str) {
    match observed {
        "keeps_working" => ("is-alive", "i-check", "works", "keep working"),
        "breaks_at_once" => ("is-revoked", "i-cross", "at once", "break at once"),
        "breaks_at_next_refresh" => ("is-fading", "i-fading", "refresh", "break at the next refresh"),
        "recovers" => ("is-idle", "i-again", "recovers", "recover by themselves"),
        _ => ("is-idle", "i-unknown", "no run", "did not run"),
    }
}

/// Describes a row with these of its cells.
fn row_of(
    (row, cells_shown): (&Row, &[&Cell]),
    number: usize,
    band: Option<String>,
    columns: &[&Column],
    open: Option<&str>,
) -> RowView {
    let title_of = |name: &str| {
        columns
            .iter()
            .find(|column| column.connection == name)
            .map_or_else(|| name.to_owned(), |column| column.title.clone())
    };
    let mut opened = None;
    let cells = cells_shown.iter().map(|cell| {
        let name = format!("{}.{}", row.event, cell.connection);
        let (style, icon, word, _) = outcome_of(&cell.observed);
        let is_open = open == Some(name.as_str());
        if is_open {
            opened = Some(open_cell(row, cell, style, &title_of(&cell.connection)));
        }
        let is_anyway = breaks_anyway(cell);
        let code = cell.code.as_deref().unwrap_or_default().trim_start_matches("AADSTS");
        CellView {
            name,
            column: title_of(&cell.connection),
            style: format!(
                "{style}{}{}",
                if is_anyway { " is-anyway" } else { "" },
                if cell.agrees { "" } else { " is-differs" }
            ),
            icon,
            word,
            code: if is_anyway { "anyway".to_owned() } else { code.to_owned() },
            is_open,
        }
    });
    let cells = cells.collect();
    let mut outcomes: Vec<(&str, Vec<String>)> = Vec::new();
    for cell in cells_shown {
        match outcomes.iter_mut().find(|(observed, _)| *observed == cell.observed) {
            Some((_, kinds)) => kinds.push(title_of(&cell.connection)),
            None => outcomes.push((&cell.observed, vec![title_of(&cell.connection)])),
        }
    }
    let outcomes = outcomes.into_iter().map(|(observed, kinds)| {
        let (style, icon, _, words) = outcome_of(observed);
        OutcomeView { style, icon, words: format!("{} {words}", kinds.len()), kinds: kinds.join(", ") }
    });
    let repair = cells_shown.iter().find_map(|cell| cell.repair.as_ref().filter(|repair| repair.executed));
    RowView {
        number,
        band,
        title: row.title.clone(),
        repair: repair.and_then(|repair| repair.steps.first()).cloned().unwrap_or_default(),
        outcomes: outcomes.collect(),
        cells,
        open: opened,
    }
}

fn open_cell(row: &Row, cell: &Cell, style: &'static str, column: &str) -> OpenCell {
    let (_, _, _, words) = outcome_of(&cell.observed);
    let verb = match words {
        "keep working" => "keeps working",
        "recover by themselves" => "recovers by itself",
        "did not run" => "did not run",
        "break at once" => "breaks at once",
        _ => "breaks at the next refresh",
    };
    let (repair, repair_words) = match &cell.repair {
        None => (Vec::new(), "There is nothing to repair."),
        Some(repair) if !repair.executed => (repair.steps.clone(), "Nothing repairs it:"),
        Some(repair) if repair.works => (repair.steps.clone(), "What repaired it; the next run succeeded:"),
        Some(repair) => (repair.steps.clone(), "What did not repair it:"),
    };
    OpenCell {
        style,
        sentence: format!("{column}: {verb} when this happens: {}.", row.title),
        text: cell.text.as_deref().map(brief).unwrap_or_default(),
        story: std::iter::once(format!("Caused: {}", row.way)).chain(cell.story.iter().cloned()).collect(),
        repair,
        repair_words,
        source: if cell.own_choice {
            format!("Our choice: {}", cell.source)
        } else {
            format!("Source: {}", cell.source)
        },
    }
}
