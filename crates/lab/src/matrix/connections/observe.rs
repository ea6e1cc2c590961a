//! What became of a flow, from the journals of the flow service and the hub.

use std::collections::BTreeSet;

use outlive_clock::{Instant, Span};
use outlive_wire::events::RunAction;
use outlive_wire::{JournalEvent, JournalLine};

use super::expected::{MISSING_REFRESH_TOKEN, Outcome};
use super::workshop::Workshop;
use crate::matrix::MatrixError;
use crate::services::{JournalQuery, Service};

/// The lines that a page of a journal has at most.
const PAGE: u32 = 1_000;
/// The longest text of a failure that is kept, in characters: more than an answer of the token
/// endpoint has, with its identifiers.
const TEXT_MAX: usize = 8_000;

/// A finished run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) flow: String,
    /// When it began.
    pub(super) at: Instant,
    pub(super) succeeded: bool,
    retries: u32,
    /// The code and message of the action that failed.
    code: Option<String>,
    message: Option<String>,
    trace: String,
}

impl Run {
    pub(super) fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }
}

/// The journals since the last reading.
#[derive(Debug, Default)]
pub(super) struct Journals {
    runs: u64,
    refreshes: u64,
}

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    pub(super) runs: Vec<Run>,
    /// The traces in which the hub got no token although no back end had asked for a new one.
    pub(super) without_token: BTreeSet<String>,
}

impl Journals {
    /// Reads what was recorded since the last call.
    pub(super) async fn read(&mut self, workshop: &Workshop<'_>) -> Result<Recorded, MatrixError> {
        let mut recorded = Recorded::default();
        for line in lines(workshop, Service::Flow, "run.finished", &mut self.runs).await? {
            let Ok(JournalEvent::RunFinished(run)) = line.event() else { continue };
            let failed = run.actions.iter().find(|action| action.status == "Failed");
            recorded.runs.push(Run {
                flow: run.flow.to_string(),
                at: run.started.unwrap_or(run.due),
                succeeded: run.status == "Succeeded",
                retries: run.actions.iter().map(|action| action.retries).max().unwrap_or(0),
                code: failed.and_then(|action: &RunAction| action.code.clone()),
                message: failed.and_then(|action| action.message.clone()),
                trace: line.trace,
            });
        }
        let mut challenged = BTreeSet::new();
        for line in lines(workshop, Service::Hub, "connection.", &mut self.refreshes).await? {
            match line.event() {
                Ok(JournalEvent::ConnectionChallenged(_)) => drop(challenged.insert(line.trace)),
                Ok(JournalEvent::ConnectionBroken(_)) => drop(recorded.without_token.insert(line.trace)),
                _ => {}
            }
        }
        recorded.without_token.retain(|trace| !challenged.contains(trace));
        recorded.runs.sort_by_key(|run| run.at);
        Ok(recorded)
    }
}

async fn lines(
    workshop: &Workshop<'_>,
    service: Service,
    kind: &str,
    after: &mut u64,
) -> Result<Vec<JournalLine>, MatrixError> {
    let surface = workshop.tenants.surface();
    let mut lines = Vec::new();
    loop {
        let query = JournalQuery {
            after: *after,
            limit: Some(PAGE),
            kind: Some(kind.to_owned()),
            ..JournalQuery::default()
        };
        let page = surface.journal(service, workshop.tenant, &query).await?;
        let Some(last) = page.last() else { return Ok(lines) };
        *after = last["seq"].as_u64().unwrap_or(u64::MAX);
        lines.extend(page.into_iter().filter_map(|line| serde_json::from_value::<JournalLine>(line).ok()));
    }
}

/// What became of one flow after an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Observation {
    /// `None` if no run followed the event.
    pub(super) outcome: Option<Outcome>,
    pub(super) code: Option<String>,
    /// The text of the first failure.
    pub(super) text: Option<String>,
    /// How long after the event the first run failed, or had to be retried.
    pub(super) noticed: Option<Span>,
}

/// Decides what became of a flow, from its runs in order.
pub(super) fn observe(runs: &[&Run], without_token: &BTreeSet<String>, event: Instant) -> Observation {
    let after: Vec<_> = runs.iter().filter(|run| run.at >= event).collect();
    let first = after.iter().find(|run| !run.succeeded || run.retries > 0);
    let outcome = match (after.last(), first) {
        (None, _) => None,
        (Some(_), None) => Some(Outcome::KeepsWorking),
        (Some(last), Some(_)) if last.succeeded => Some(Outcome::Recovers),
        (Some(_), Some(first)) if without_token.contains(&first.trace) => Some(Outcome::BreaksAtNextRefresh),
        (Some(_), Some(_)) => Some(Outcome::BreaksAtOnce),
    };
    // A run that succeeded after retries has no code.
    let failed = after.iter().find(|run| !run.succeeded);
    let text = failed.and_then(|run| run.message.as_deref());
    Observation {
        outcome,
        code: failed.map(|run| code_of(run)),
        text: text.map(shortened),
        noticed: first.map(|run| run.at - event),
    }
}

/// Returns the AADSTS code in the message, the hub's words for a missing refresh token, or else the
/// HTTP status.
fn code_of(run: &Run) -> String {
    let message = run.message.as_deref().unwrap_or_default();
    if let Some(at) = message.find("AADSTS") {
        let code: String = message[at..].chars().take_while(char::is_ascii_alphanumeric).collect();
        return code;
    }
    if message.contains(MISSING_REFRESH_TOKEN) {
        return MISSING_REFRESH_TOKEN.to_owned();
    }
    let status = match run.code.as_deref().unwrap_or_default() {
        "BadRequest" => "400",
        "Unauthorized" => "401",
        "Forbidden" => "403",
        "BadGateway" => "502",
        "ServiceUnavailable" => "503",
        "GatewayTimeout" => "504",
        other => other,
    };
    status.to_owned()
}

/// Returns the message on one line.
fn shortened(message: &str) -> String {
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() > TEXT_MAX {
        line.chars().take(TEXT_MAX).chain("…".chars()).collect()
    } else {
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(minute: i64, succeeded: bool, message: Option<&str>) -> Run {
        Run {
            flow: "f".to_owned(),
            at: Instant::from_seconds(minute * 60),
            succeeded,
            retries: 0,
            code: (!succeeded).then(|| "Unauthorized".to_owned()),
            message: message.map(str::to_owned),
            trace: minute.to_string(),
        }
    }

    #[test]
    fn the_outcome_follows_from_the_runs() {
        let event = Instant::from_seconds(600);
        let refused = Some("Error: AADSTS50173: revoked");
        let retried = Run { retries: 2, ..run(60, true, None) };
        for (runs, refused_tokens, outcome, code, noticed) in [
            (vec![run(0, true, None)], &[][..], None, None, None),
            (vec![run(0, false, refused), run(30, true, None)], &[], Some(Outcome::KeepsWorking), None, None),
            (vec![run(30, false, None)], &[], Some(Outcome::BreaksAtOnce), Some("401"), Some(20)),
            (
                vec![run(30, true, None), run(60, false, refused), run(90, false, None)],
                &["60"],
                Some(Outcome::BreaksAtNextRefresh),
                Some("AADSTS50173"),
                Some(50),
            ),
            (
                vec![run(60, false, Some("Error: Missing refresh token.")), run(90, true, None)],
                &["60"],
                Some(Outcome::Recovers),
                Some(MISSING_REFRESH_TOKEN),
                Some(50),
            ),
            (vec![retried, run(90, true, None)], &[], Some(Outcome::Recovers), None, Some(50)),
        ] {
            let tokens = refused_tokens.iter().map(|trace| (*trace).to_owned()).collect();
            let seen = observe(&runs.iter().collect::<Vec<_>>(), &tokens, event);
            assert_eq!(seen.outcome, outcome, "{runs:?}");
            assert_eq!(seen.code.as_deref(), code, "{runs:?}");
            assert_eq!(seen.noticed, noticed.map(Span::from_minutes), "{runs:?}");
        }
    }
}
