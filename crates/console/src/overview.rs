//! The page of a tenant, from responses of the lab.

use askama::Template;
use outlive_clock::Instant;
use outlive_wire::JournalLine;
use outlive_wire::lab_api::{
    ClockAnswer, OperationDetails, OperationKind, TenantConnection, TenantCredentials, TenantFlow,
    UserCredentials,
};
use outlive_wire::tenant::ApplicationKind;
use url::Url;

use crate::message::Message;
use crate::recent::{Finished, Recent};
use crate::words;

/// The parts that change over time: within the page, and alone when the script reloads them.
#[derive(Template)]
#[template(path = "live.html")]
pub(crate) struct Live {
    pub(crate) tenant_id: String,
    pub(crate) cursor: String,
    pub(crate) now: When,
    pub(crate) pace: String,
    pub(crate) next_due: Option<When>,
    /// The services that do not answer, in words; empty if all do.
    pub(crate) missing: String,
    pub(crate) operation: Option<String>,
    pub(crate) flows: Vec<FlowView>,
    pub(crate) connections: Vec<TenantConnection>,
    pub(crate) runs: Vec<RunView>,
    pub(crate) finished: Option<Finished>,
    pub(crate) notable: Vec<LineView>,
    pub(crate) latest: Vec<LineView>,
}

#[derive(Template)]
#[template(path = "tenant.html")]
pub(crate) struct Page {
    pub(crate) domain: String,
    pub(crate) message: Option<Message>,
    pub(crate) form_token: String,
    pub(crate) users: Vec<UserCredentials>,
    pub(crate) change_password_url: Option<String>,
    pub(crate) sign_in_url: Option<String>,
    pub(crate) others: bool,
    pub(crate) live: Live,
}

/// An instant of virtual time, formatted for display and in full.
pub(crate) struct When {
    pub(crate) shown: String,
    pub(crate) exact: String,
}

pub(crate) struct FlowView {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) last: Option<RunView>,
}

#[derive(Clone)]
pub(crate) struct RunView {
    pub(crate) flow: String,
    pub(crate) name: String,
    pub(crate) shown: String,
    pub(crate) exact: String,
    pub(crate) status: &'static str,
    pub(crate) reason: String,
}

pub(crate) struct LineView {
    pub(crate) when: When,
    pub(crate) service: String,
    pub(crate) outcome: String,
    pub(crate) sentence: String,
}

impl When {
    fn of(at: Instant) -> Self {
        Self { shown: at.strftime("%Y-%m-%d %H:%M:%S"), exact: at.to_string() }
    }
}

impl Live {
    pub(crate) fn of(tenant: &TenantCredentials, clock: &ClockAnswer, recent: &Recent) -> Self {
        let runs: Vec<_> = recent
            .runs
            .iter()
            .map(|run| {
                let When { shown, exact } = When::of(run.at);
                RunView {
                    flow: flow_name(&tenant.flows, &run.flow),
                    name: run.name.clone(),
                    shown,
                    exact,
                    status: run.status.name(),
                    reason: run.reason.clone().unwrap_or_default(),
                }
            })
            .collect();
        let last_of = |id: &str| recent.runs.iter().position(|run| run.flow == id).map(|at| runs[at].clone());
        Self {
            tenant_id: tenant.tenant_id.to_string(),
            cursor: recent.cursor.clone(),
            now: When::of(clock.now),
            pace: pace(clock.speed.factor()),
            next_due: clock.next_due.map(When::of),
            missing: clock.missing.iter().map(|service| service.name()).collect::<Vec<_>>().join(", "),
            operation: clock.operation.as_ref().map(operation),
            flows: tenant
                .flows
                .iter()
                .map(|flow| FlowView {
                    name: flow.name.clone(),
                    id: flow.id.clone(),
                    last: last_of(&flow.id),
                })
                .collect(),
            connections: tenant.connections.clone(),
            runs,
            finished: recent.finished,
            notable: recent.notable.iter().map(line_view).collect(),
            latest: recent.latest.iter().map(line_view).collect(),
        }
    }
}

impl Page {
    pub(crate) fn of(
        tenant: &TenantCredentials,
        live: Live,
        form_token: String,
        message: Option<Message>,
        others: bool,
    ) -> Self {
        Self {
            domain: tenant.domain.clone(),
            message,
            form_token,
            users: tenant.users.clone(),
            change_password_url: idp_url(tenant, "changepassword").map(String::from),
            sign_in_url: sign_in_url(tenant),
            others,
            live,
        }
    }
}

fn flow_name(flows: &[TenantFlow], id: &str) -> String {
    flows.iter().find(|flow| flow.id == id).map_or(id, |flow| flow.name.as_str()).to_owned()
}

fn line_view(line: &JournalLine) -> LineView {
    LineView {
        when: When::of(line.at),
        service: line.service.clone(),
        outcome: words::outcome(line).unwrap_or_default().to_owned(),
        sentence: words::sentence(line),
    }
}

/// Describes the speed of time.
fn pace(speed: u32) -> String {
    match speed {
        0 => "It stands still until it is advanced.".to_owned(),
        1 => "It runs at the speed of wall time.".to_owned(),
        1440 => "It runs 1440 times as fast as wall time: a day in a minute.".to_owned(),
        times => format!("It runs {times} times as fast as wall time."),
    }
}

/// Describes a change of time in progress.
fn operation(operation: &OperationDetails) -> String {
    if operation.ending {
        return "A change of time was interrupted. It is recovered as soon as all services answer."
            .to_owned();
    }
    match (operation.kind, operation.target) {
        (OperationKind::Advance, Some(target)) => {
            let target = When::of(target).shown;
            format!("Time is being advanced to {target}; {} due work items are done.", operation.done)
        }
        _ => "The speed of time is being changed.".to_owned(),
    }
}

/// Returns the public URL of a page of the identity provider, if it is an http or https URL.
fn idp_url(tenant: &TenantCredentials, path: &str) -> Option<Url> {
    let idp = tenant.urls.idp.trim_end_matches('/');
    let url = Url::parse(&format!("{idp}/{}/{path}", tenant.tenant_id)).ok()?;
    matches!(url.scheme(), "http" | "https").then_some(url)
}

/// Returns a URL to sign in: an authorization request of the first native application.
fn sign_in_url(tenant: &TenantCredentials) -> Option<String> {
    let application =
        tenant.applications.iter().find(|application| application.name == "Orders Desktop").or_else(
            || tenant.applications.iter().find(|application| application.kind == ApplicationKind::Public),
        )?;
    let mut url = idp_url(tenant, "oauth2/v2.0/authorize")?;
    url.query_pairs_mut()
        .append_pair("client_id", &application.client_id)
        .append_pair("response_type", "code")
        .append_pair("redirect_uri", "http://localhost")
        .append_pair("scope", "openid profile");
    Some(url.into())
}
