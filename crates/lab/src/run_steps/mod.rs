//! What the services sent each other in a run of a flow, from the events of its trace.

mod api_call;
mod attribution;
mod hub_call;
mod steps;
#[cfg(test)]
mod tests;
mod token_request;
mod token_result;
mod writer;

use outlive_clock::{Instant, TenantId};
use outlive_wire::run_steps::{RunConnection, RunSteps};
use outlive_wire::{FlowDetails, HeldConnection, JournalEvent, ListedRun};
use uuid::Uuid;

use self::steps::steps_of;
use crate::diagnose::{Client, diagnose};
use crate::http::CallError;
use crate::services::{JournalQuery, LabSurface, Service};
use crate::why::Inquiry;
use crate::why::lines::{Ends, Line, sort};

/// The number of runs that are read: the next one, the run itself and earlier ones.
const RUNS_READ: &str = "50";

/// Reads the steps of a run; `None` if its name is unknown. What a service cannot contribute,
/// because it does not answer, is missing.
pub(crate) async fn read(
    surface: &LabSurface,
    tenant: TenantId,
    now: Instant,
    run: &str,
) -> Result<Option<RunSteps>, CallError> {
    let inquiry = Inquiry { surface, tenant };
    let of_run = JournalQuery { subject: Some(format!("run:{run}")), ..JournalQuery::default() };
    let Ends { mut lines, has_gap: mut has_more } = inquiry.ends(Service::Flow, of_run).await?;
    let Some(last) = lines.last().cloned() else { return Ok(None) };
    let Some(ended) = Ended::of(&last) else { return Ok(None) };
    let of_trace = JournalQuery { trace: Some(last.line.trace.clone()), ..JournalQuery::default() };
    let flow: Option<Uuid> = ended.flow.parse().ok();
    let history = [("around", run.to_owned()), ("limit", RUNS_READ.to_owned())];
    let of_flow = async {
        match flow {
            Some(flow) => surface.flow(tenant, flow, &history).await.ok(),
            None => None,
        }
    };
    let (of_idp, of_hub, of_resource, held, of_flow) = tokio::join!(
        inquiry.ends(Service::Idp, of_trace.clone()),
        inquiry.ends(Service::Hub, of_trace.clone()),
        inquiry.ends(Service::Resource, of_trace),
        surface.connections(tenant),
        of_flow,
    );
    let mut missing = Vec::new();
    for (service, read) in [(Service::Idp, of_idp), (Service::Hub, of_hub), (Service::Resource, of_resource)]
    {
        match read {
            Ok(read) => {
                has_more |= read.has_gap;
                lines.extend(read.lines);
            }
            Err(_) => missing.push(service),
        }
    }
    sort(&mut lines);
    let stored_until = stored_until(&inquiry, &lines).await;
    let held = held.map(|held| held.connections).unwrap_or_default();
    let diagnosis = diagnosis(&lines, ended.is_failed());
    let history = History::of(of_flow.as_ref(), run, ended.is_failed());
    Ok(Some(RunSteps {
        tenant,
        now,
        run: run.to_owned(),
        flow_name: of_flow.as_ref().map_or_else(|| ended.flow.clone(), |flow| flow.display_name.clone()),
        next_due: of_flow.and_then(|flow| flow.next_due),
        flow: ended.flow,
        status: ended.status,
        code: ended.code,
        started: ended.started,
        ended: ended.ended,
        previous: history.previous,
        next: history.next,
        is_latest: history.is_latest,
        failures_in_a_row: history.failures,
        connection: connection_of(&lines, &held),
        steps: steps_of(&lines, stored_until, &missing),
        has_more,
        repair: diagnosis.as_ref().map(|(repair, _)| repair.clone()),
        avoided_by: diagnosis.map(|(_, avoided_by)| avoided_by).unwrap_or_default(),
        missing: missing.into_iter().map(|service| service.name().to_owned()).collect(),
    }))
}

/// What the latest event of a run says.
struct Ended {
    flow: String,
    status: String,
    code: Option<String>,
    started: Instant,
    ended: Option<Instant>,
}

impl Ended {
    fn of(line: &Line) -> Option<Self> {
        match &line.event {
            JournalEvent::RunFinished(run) => Some(Self {
                flow: run.flow.to_string(),
                status: run.status.clone(),
                code: run.code.clone(),
                started: run.started.unwrap_or(run.due),
                ended: Some(line.line.at),
            }),
            JournalEvent::RunWaiting(run) => Some(Self {
                flow: run.flow.to_string(),
                status: "Waiting".to_owned(),
                code: None,
                started: line.line.at,
                ended: None,
            }),
            _ => None,
        }
    }

    fn is_failed(&self) -> bool {
        matches!(self.status.as_str(), "Failed" | "TimedOut")
    }
}

/// The runs around a run, and whether it is the latest of its flow. One that the history no longer
/// contains is not.
#[derive(Default)]
struct History {
    previous: Option<ListedRun>,
    next: Option<ListedRun>,
    is_latest: bool,
    failures: u32,
}

impl History {
    fn of(flow: Option<&FlowDetails>, run: &str, is_failed: bool) -> Self {
        let runs = flow.map(|flow| flow.runs.as_slice()).unwrap_or_default();
        let Some(place) = runs.iter().position(|listed| listed.name == run) else {
            return Self { failures: u32::from(is_failed), ..Self::default() };
        };
        let failed = runs[place..].iter().take_while(|run| run.status == "Failed").count();
        Self {
            previous: runs.get(place + 1).cloned(),
            is_latest: place == 0,
            next: place.checked_sub(1).and_then(|newer| runs.get(newer)).cloned(),
            failures: u32::try_from(failed).unwrap_or(u32::MAX),
        }
    }
}

/// The connection that failed the run, otherwise the last that it used.
fn connection_of(lines: &[Line], held: &[HeldConnection]) -> Option<RunConnection> {
    let used = |line: &Line| {
        let id = line.line.subject.strip_prefix("connection:")?;
        held.iter().find(|connection| connection.id == id)
    };
    let is_refusal = |line: &&Line| match &line.event {
        JournalEvent::RuntimeForwarded(call) => call.status >= 400,
        JournalEvent::RuntimeRefused(_) => true,
        _ => false,
    };
    let failed = lines.iter().filter(is_refusal).find_map(used);
    let found = failed.or_else(|| lines.iter().rev().find_map(used))?;
    Some(RunConnection {
        id: found.id.clone(),
        name: found.name.clone(),
        display_name: found.display_name.clone(),
        is_broken: found.status == "Error",
        sign_in: found.sign_in,
    })
}

/// Until when the access token was valid that the hub had before it sent the refresh token: the one
/// that was issued with it.
async fn stored_until(inquiry: &Inquiry<'_>, lines: &[Line]) -> Option<Instant> {
    let presented = lines.iter().find_map(|line| match &line.event {
        JournalEvent::TokenIssued(issued) => issued.refresh_token.as_ref()?.parent,
        JournalEvent::TokenRefused(refused) => Some(refused.refresh_token.as_ref()?.id),
        _ => None,
    })?;
    let issued = inquiry.about(Service::Idp, &presented.to_string(), Some("token.issued"), 1).await.ok()?;
    match &issued.first()?.event {
        JournalEvent::TokenIssued(issued) => Some(issued.access_token.expires_at),
        _ => None,
    }
}

/// What repairs a failed run and what would have avoided it, by the texts of its refusals.
fn diagnosis(lines: &[Line], is_failed: bool) -> Option<(String, Vec<String>)> {
    if !is_failed {
        return None;
    }
    let text = |line: &Line| match &line.event {
        JournalEvent::TokenRefused(refused) => Some(refused.description.clone()),
        JournalEvent::RuntimeRefused(refused) => Some(refused.why.clone()),
        JournalEvent::RequestRefused(refused) => Some(refused.message.clone()),
        _ => None,
    };
    let is_known = |text: String| {
        let found = diagnose(&text, Client::AsRead);
        (found.cause != "cannot_tell").then_some((found.repair, found.avoided_by))
    };
    lines.iter().rev().filter_map(text).find_map(is_known)
}
