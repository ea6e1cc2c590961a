//! What the page of a run shows.

use askama::Template;
use outlive_clock::Instant;
use outlive_wire::ConnectionSignIn;
use outlive_wire::lab_api::TenantCredentials;
use outlive_wire::run_steps::{Party, RunStep, RunSteps, StepKind};

use super::diagram;
use super::words::{carried, title};
use crate::flow::style_of;
use crate::frame::Frame;
use crate::inspector::{ShownFact, Why, WhyView};
use crate::number_words::ordinal;
use crate::when::{When, with_times_for_people};

#[derive(Template)]
#[template(path = "run.html")]
pub(super) struct RunPage {
    pub(super) frame: Frame,
    title: String,
    flow: String,
    flow_name: String,
    started: When,
    style: &'static str,
    icon: &'static str,
    status: String,
    row_of_failures: String,
    previous: Option<(String, When)>,
    next: Option<(String, When)>,
    next_due: Option<When>,
    diagram: String,
    legend: Vec<(&'static str, &'static str)>,
    steps: Vec<StepView>,
    has_more: bool,
    missing: String,
    svg_file: String,
    mermaid_file: String,
    json_file: String,
    why: Option<WhyView>,
    heading: String,
    facts: Vec<ShownFact>,
    code: String,
    is_failed: bool,
    repair: Option<String>,
    /// The resource name of the connection to fix.
    to_fix: Option<String>,
    avoided_by: Vec<String>,
    token: String,
    /// The trace of its events in the journal.
    trace: String,
    /// The name of the run, if it can be replayed with another fact.
    replay: Option<String>,
}

struct StepView {
    number: usize,
    words: String,
    detail: String,
    /// The time within the tenant, then the real time since the first record.
    at: When,
    since: String,
    style: &'static str,
    credential: Option<String>,
    credential_name: &'static str,
}

impl RunPage {
    pub(super) fn of(
        frame: Frame,
        tenant: &TenantCredentials,
        run: &RunSteps,
        why: Option<Why>,
        can_replay: bool,
    ) -> Self {
        let now = run.now;
        let (style, icon) = style_of(&run.status);
        let is_failed = style == "is-revoked";
        let neighbor =
            |listed: &outlive_wire::ListedRun| (address(tenant, &listed.name), When::of(listed.started, now));
        let of_flow = |step: &&RunStep| step.to == Party::Flow;
        let refused = run.steps.iter().filter(|step| step.kind == StepKind::Response && step.is_refused);
        let refused = refused.clone().rfind(|step| !of_flow(step)).or_else(|| refused.clone().next());
        let heading = match (&why, refused) {
            // A token that was accepted is not why a run failed.
            (Some(why), _) if why.verdict.is_some() && !(is_failed && why.is_accepted() == Some(true)) => {
                why.what_the_event_does().unwrap_or_else(|| why.title())
            }
            (_, Some(step)) => sentence(&step.detail, now),
            _ if is_failed => "No event tells why an action failed.".to_owned(),
            _ => "Every request of this run was accepted.".to_owned(),
        };
        let facts = why.as_ref().map(|why| why.facts(now)).unwrap_or_default();
        let mut avoided_by = why.as_ref().map(Why::avoided_by).unwrap_or_default();
        if avoided_by.is_empty() {
            avoided_by.clone_from(&run.avoided_by);
        }
        let code = run.steps.iter().find_map(|step| step.code.clone()).unwrap_or_default();
        let token = run.steps.iter().find_map(|step| step.credential.clone()).unwrap_or_default();
        let files = |suffix: &str| format!("/runs/{}{suffix}?tenant={}", run.run, tenant.tenant_id);
        Self {
            title: title(run, why.as_ref()),
            flow: run.flow.clone(),
            flow_name: run.flow_name.clone(),
            started: When::of(run.started, now),
            style,
            icon,
            status: run.status.clone(),
            row_of_failures: match run.failures_in_a_row {
                0 | 1 => String::new(),
                count => format!("{} failure in a row", ordinal(count)),
            },
            previous: run.previous.as_ref().map(neighbor),
            next: run.next.as_ref().map(neighbor),
            next_due: run.next_due.filter(|_| run.is_latest).map(|due| When::of(due, now)),
            diagram: diagram::draw(run, &tenant.domain, ""),
            legend: legend(run),
            steps: steps(run),
            has_more: run.has_more,
            missing: run.missing.join(", "),
            svg_file: files(".svg"),
            mermaid_file: files(".mmd"),
            json_file: format!("/lab/tenants/{}/runs/{}/steps", tenant.tenant_id, run.run),
            heading,
            facts,
            code,
            is_failed,
            repair: run.repair.as_ref().filter(|_| is_failed).cloned(),
            to_fix: to_fix(run, is_failed),
            avoided_by: if is_failed { avoided_by } else { Vec::new() },
            token,
            replay: can_replay.then(|| run.run.clone()),
            trace: why.as_ref().and_then(Why::latest_trace).unwrap_or_default().to_owned(),
            why: why.map(|why| WhyView::of(why, now)),
            frame,
        }
    }
}

/// The address of the page of a run.
fn address(tenant: &TenantCredentials, run: &str) -> String {
    let name: String = url::form_urlencoded::byte_serialize(run.as_bytes()).collect();
    format!("/runs/{}?tenant={}", name.replace('+', "%20"), tenant.tenant_id)
}

/// The connection that has to be fixed now: one that is in error, or whose stored secret is wrong.
fn to_fix(run: &RunSteps, is_failed: bool) -> Option<String> {
    let connection = run.connection.as_ref()?;
    let stores_secret = matches!(connection.sign_in, ConnectionSignIn::Password | ConnectionSignIn::Key);
    (connection.is_broken || (stores_secret && is_failed && run.is_latest)).then(|| connection.name.clone())
}

/// The kinds of credentials of a diagram, and how each is drawn.
fn legend(run: &RunSteps) -> Vec<(&'static str, &'static str)> {
    let is_drawn = |style: &str| {
        let plain = run.steps.iter().filter(|step| !step.is_refused);
        plain.into_iter().any(|step| carried(step.carries).1 == style)
    };
    let mut entries = Vec::new();
    for (style, name, how) in [
        ("k-caller", "caller token", "dotted: opens the hub"),
        ("k-refresh", "refresh token", "thick: gets tokens"),
        ("k-access", "access token", "thin: opens the API"),
    ] {
        if is_drawn(style) {
            entries.push((name, how));
        }
    }
    if run.steps.iter().any(|step| step.is_refused) {
        entries.push(("rejection", "red, with its code"));
    }
    entries
}

fn steps(run: &RunSteps) -> Vec<StepView> {
    let first = run.steps.iter().filter_map(|step| step.wall).min();
    let view = |(number, step): (usize, &RunStep)| StepView {
        number,
        words: step.words.clone(),
        detail: with_times_for_people(&step.detail, run.now),
        at: When::of(step.at, run.now),
        since: match (first, step.wall) {
            (Some(first), Some(wall)) => format!("+{} ms", (wall - first).as_millis().max(0)),
            _ => String::new(),
        },
        style: if step.is_refused { "is-revoked" } else { "" },
        credential: step.credential.clone(),
        credential_name: carried(step.carries).0,
    };
    (1..).zip(&run.steps).map(view).collect()
}

fn sentence(text: &str, now: Instant) -> String {
    let text = with_times_for_people(text, now);
    let mut letters = text.chars();
    let text: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    if text.ends_with('.') { text } else { format!("{text}.") }
}
