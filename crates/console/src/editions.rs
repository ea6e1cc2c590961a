//! `/matrix/editions`: two editions of the published revocation table side by side, and what each
//! difference means for a flow.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use http::HeaderMap;
use outlive_rules::{Credential, Edition, Event, Fate, Ruleset};
use serde::Deserialize;

use crate::error::{ErrorPage, show};
use crate::executed_matrix::Executed;
use crate::frame::{Frame, Section};
use crate::number_words::{capital, number};
use crate::pages::{Choice, chosen};
use crate::state::Console;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    tenant: Option<String>,
    /// The editions; in any order.
    from: Option<String>,
    to: Option<String>,
    /// `1`: only rows that differ.
    only: Option<String>,
    /// An opened cell, `event.credential`.
    cell: Option<String>,
}

#[derive(Template)]
#[template(path = "editions.html")]
struct EditionsPage {
    frame: Frame,
    title: String,
    below: String,
    from: Edition,
    to: Edition,
    /// The editions to choose from.
    editions: [Edition; 4],
    only: bool,
    columns: Vec<&'static str>,
    rows: Vec<RowView>,
    open: Option<OpenCell>,
    /// Each edition with what it changed.
    history: Vec<(String, String)>,
}

struct RowView {
    number: usize,
    title: &'static str,
    /// The title of the row in the earlier edition, if that is another.
    was: Option<&'static str>,
    cells: Vec<CellView>,
}

struct CellView {
    name: String,
    column: &'static str,
    was: &'static str,
    word: &'static str,
    style: &'static str,
    icon: &'static str,
    differs: bool,
    is_open: bool,
}

struct OpenCell {
    style: &'static str,
    icon: &'static str,
    change: String,
    place: String,
    sentence: String,
    facts: Vec<(String, String)>,
    meaning: String,
}

/// `GET /matrix/editions`
pub(crate) async fn editions(
    State(console): State<Console>,
    query: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ErrorPage> {
    let asked = query.map(|Query(asked)| asked).unwrap_or_default();
    let tenant = match chosen(&console, Choice { tenant: asked.tenant }).await? {
        Ok(tenant) => tenant,
        Err(list) => return Ok(list),
    };
    let edition = |text: Option<String>, default| match text {
        Some(text) => text.parse::<Edition>().map_err(|error| ErrorPage {
            status: 400,
            what: "There is no such edition".to_owned(),
            why: error.to_string(),
            remedy: "Choose two of the editions on the page.",
        }),
        None => Ok(default),
    };
    let (one, other) = (edition(asked.from, Edition::E2021)?, edition(asked.to, Edition::E2025_11)?);
    let (tenants, credentials, clock) =
        tokio::try_join!(console.lab.tenants(), console.lab.tenant(tenant), console.lab.clock(tenant))?;
    let frame = Frame::of(&console, &headers, Section::Matrix, &credentials, &clock, &tenants, "");
    let pair = Pair { from: one.min(other), to: one.max(other) };
    let page = page_of(frame, pair, asked.only.is_some(), asked.cell.as_deref(), &console.executed);
    Ok(page.frame.respond(show(&page)))
}

/// The earlier and the later edition.
#[derive(Clone, Copy)]
struct Pair {
    from: Edition,
    to: Edition,
}

impl Pair {
    fn fates(self, event: Event, credential: Credential) -> [Fate; 2] {
        [self.from, self.to].map(|edition| Ruleset::published(edition).fate(event, credential))
    }

    fn differs(self, event: Event, credential: Credential) -> bool {
        let [was, is] = self.fates(event, credential);
        was != is
    }

    /// The cells that differ, row by row.
    fn differences(self) -> Vec<(Event, Credential)> {
        let rows = self.to.rows().iter();
        let cells = rows.flat_map(|row| Credential::ALL.map(|credential| (row.event, credential)));
        cells.filter(|(event, credential)| self.differs(*event, *credential)).collect()
    }
}

fn page_of(frame: Frame, pair: Pair, only: bool, cell: Option<&str>, executed: &Executed) -> EditionsPage {
    let differences = pair.differences();
    let is_confidential =
        |(_, credential): &&(Event, Credential)| *credential == Credential::ConfidentialToken;
    let first = differences.iter().find(is_confidential).or(differences.first());
    let name_of = |event: Event, credential: Credential| format!("{}.{}", event.name(), credential.name());
    let opened = cell.map(str::to_owned).or_else(|| first.map(|(event, cell)| name_of(*event, *cell)));
    let mut open = None;
    let rows = pair.to.rows().iter().zip(1..).map(|(row, number)| {
        let cells = Credential::ALL.into_iter().zip(1..).map(|(credential, column)| {
            let name = name_of(row.event, credential);
            let [was, is] = pair.fates(row.event, credential);
            let is_open = opened.as_deref() == Some(name.as_str());
            if is_open {
                open = Some(open_cell(pair, (row.event, row.title), credential, (number, column), executed));
            }
            let (style, icon) = look(is);
            CellView {
                name,
                column: credential.title(),
                was: word(was),
                word: word(is),
                style,
                icon,
                differs: was != is,
                is_open,
            }
        });
        let cells = cells.collect();
        let was = Ruleset::published(pair.from).row(row.event).title;
        RowView { number, title: row.title, was: (was != row.title).then_some(was), cells }
    });
    let rows: Vec<_> = rows.collect();
    let all = rows.len() * Credential::ALL.len();
    let rows = rows.into_iter().filter(|row| !only || row.cells.iter().any(|cell| cell.differs)).collect();
    EditionsPage {
        frame,
        title: match differences.len() {
            0 => format!("Editions {} and {} agree in every cell", pair.from, pair.to),
            1 => format!("One cell differs between editions {} and {}", pair.from, pair.to),
            count => {
                format!(
                    "{} cells differ between editions {} and {}",
                    capital(&number(count)),
                    pair.from,
                    pair.to
                )
            }
        },
        below: format!(
            "Edition {} has {} rows, edition {} has {}; {} of {all} cells are the same in both.",
            pair.from,
            pair.from.rows().len(),
            pair.to,
            pair.to.rows().len(),
            all - differences.len(),
        ),
        from: pair.from,
        to: pair.to,
        editions: Edition::ALL,
        only,
        columns: Credential::ALL.map(Credential::title).to_vec(),
        rows,
        open,
        history: history(),
    }
}

/// What each edition changed in the one before it.
fn history() -> Vec<(String, String)> {
    let later = Edition::ALL.iter().zip(Edition::ALL.iter().skip(1)).map(|(before, edition)| {
        let pair = Pair { from: *before, to: *edition };
        let rows = edition.rows().len();
        let new = rows.saturating_sub(before.rows().len());
        let rows = match new {
            0 => format!("{rows} rows as before"),
            1 => format!("{rows} rows, one more"),
            new => format!("{rows} rows, {new} more"),
        };
        let cells = match pair.differences().len() {
            0 => "no cell differs".to_owned(),
            1 => "one cell differs".to_owned(),
            count => format!("{count} cells differ"),
        };
        (edition.to_string(), format!("{rows}; {cells}"))
    });
    let first = Edition::ALL
        .first()
        .map(|edition| (edition.to_string(), format!("the first table, {} rows", edition.rows().len())));
    first.into_iter().chain(later).collect()
}

const fn word(fate: Fate) -> &'static str {
    match fate {
        Fate::Alive => "alive",
        Fate::Revoked => "revoked",
    }
}

const fn look(fate: Fate) -> (&'static str, &'static str) {
    match fate {
        Fate::Alive => ("is-alive", "i-check"),
        Fate::Revoked => ("is-revoked", "i-cross"),
    }
}

fn open_cell(
    pair: Pair,
    (event, title): (Event, &'static str),
    credential: Credential,
    (row, column): (usize, usize),
    executed: &Executed,
) -> OpenCell {
    let [was, is] = pair.fates(event, credential);
    let fact = |edition: Edition, fate: Fate| {
        let matrix = executed.of(&Ruleset::published(edition));
        let event = Ruleset::published(edition).row(event).event;
        let seen = matrix.as_deref().and_then(|matrix| matrix.cell(event.name(), credential.name()));
        let text = match seen {
            Some(cell) => match &cell.code {
                Some(code) => format!("executed here: {}, {code}", cell.observed),
                None => format!("executed here: {}", cell.observed),
            },
            None => format!("published: {}; not executed here", word(fate)),
        };
        (edition.to_string(), text)
    };
    let (style, icon) = (look(is).0, if is == Fate::Alive { "i-alive" } else { "i-revoked" });
    OpenCell {
        style,
        icon,
        change: if was == is {
            format!("{} in both", word(is))
        } else {
            format!("{} → {}", word(was), word(is))
        },
        place: format!("row {row}, column {column}"),
        sentence: match (was, is) {
            (Fate::Alive, Fate::Revoked) => {
                format!("Since edition {}, “{title}” revokes {}.", pair.to, credential.plural())
            }
            (Fate::Revoked, Fate::Alive) => {
                format!("Since edition {}, “{title}” leaves {} alive.", pair.to, credential.plural())
            }
            (Fate::Alive, Fate::Alive) => format!("“{title}” leaves {} alive in both.", credential.plural()),
            (Fate::Revoked, Fate::Revoked) => format!("“{title}” revokes {} in both.", credential.plural()),
        },
        facts: vec![fact(pair.from, was), fact(pair.to, is)],
        meaning: meaning(credential, was, is),
    }
}

/// What it means for a flow.
fn meaning(credential: Credential, was: Fate, is: Fate) -> String {
    let flow = match credential {
        Credential::PasswordCookie | Credential::NonPasswordCookie => {
            return "No flow depends on a browser session: only the user has to sign in again, or not."
                .to_owned();
        }
        Credential::PasswordToken => "A flow on a public connector, signed in to with a password,",
        Credential::NonPasswordToken => "A flow on a public connector, signed in to without a password,",
        Credential::ConfidentialToken => "A flow on a confidential connector",
    };
    match (was, is) {
        (Fate::Alive, Fate::Revoked) => {
            format!(
                "{flow} used to outlive this event. Now its next refresh fails, and its connection needs a sign-in."
            )
        }
        (Fate::Revoked, Fate::Alive) => {
            format!("{flow} used to fail at its next refresh. Now it outlives this event.")
        }
        (Fate::Alive, Fate::Alive) => format!("{flow} outlives this event in both editions."),
        (Fate::Revoked, Fate::Revoked) => format!("{flow} fails at its next refresh in both editions."),
    }
}
