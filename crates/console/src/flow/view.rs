//! What the page of a flow shows.

use askama::Template;
use outlive_clock::Instant;
use outlive_wire::lab_api::TenantCredentials;
use outlive_wire::{FlowDetails, ListedRun, RunDetails};

use super::run::RunView;
use super::status::{STATUSES, style_of};
use crate::frame::Frame;
use crate::when::When;

#[derive(Template)]
#[template(path = "flow.html")]
pub(super) struct FlowPage {
    pub(super) frame: Frame,
    id: String,
    title: String,
    below: String,
    is_on: bool,
    users: Vec<UserView>,
    /// Users with whom it is not shared: sign-in names.
    others: Vec<String>,
    runs: Vec<RowView>,
    statuses: Vec<(&'static str, bool)>,
    /// The query of the page that is shown, without the opened run.
    page: String,
    latest: Option<String>,
    older: Option<String>,
    open: Option<RunView>,
}

struct UserView {
    name: String,
    id: String,
    role: &'static str,
    is_owner: bool,
}

struct RowView {
    name: String,
    when: When,
    ended: Option<When>,
    style: &'static str,
    icon: &'static str,
    status: String,
    code: String,
    is_open: bool,
}

impl FlowPage {
    pub(super) fn of(
        frame: Frame,
        tenant: &TenantCredentials,
        flow: &FlowDetails,
        open: Option<&RunDetails>,
        before: &str,
        status: &str,
        now: Instant,
    ) -> Self {
        let name_of = |id: &str| {
            let user = tenant.users.iter().find(|user| user.id == id);
            user.map_or_else(|| id.to_owned(), |user| user.upn.clone())
        };
        let open = open.map(|run| RunView::of(run, now));
        let address = |before: &str, status: &str| {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            query.append_pair("tenant", &tenant.tenant_id.to_string());
            for (name, value) in [("before", before), ("status", status)] {
                if !value.is_empty() {
                    query.append_pair(name, value);
                }
            }
            format!("/flows/{}?{}", flow.id, query.finish())
        };
        let users: Vec<_> = flow.users.iter().map(|user| user_of(&user.role, &user.user, name_of)).collect();
        let is_shared = |id: &str| flow.owner == id || flow.users.iter().any(|user| user.user == id);
        let others = tenant.users.iter().filter(|user| !is_shared(&user.id)).map(|user| user.upn.clone());
        let is_open = |run: &ListedRun| open.as_ref().is_some_and(|open| open.name == run.name);
        Self {
            id: flow.id.clone(),
            title: title_of(flow, before.is_empty() && status.is_empty()),
            below: below(flow, &name_of(&flow.owner), now),
            is_on: flow.state == "Started",
            users,
            others: others.collect(),
            runs: flow.runs.iter().map(|run| row_of(run, now, is_open(run))).collect(),
            statuses: STATUSES.map(|name| (name, name == status)).to_vec(),
            page: address(before, status),
            latest: (!before.is_empty()).then(|| address("", status)),
            older: flow.older.as_deref().map(|older| address(older, status)),
            open,
            frame,
        }
    }
}

fn title_of(flow: &FlowDetails, is_latest: bool) -> String {
    let name: String = flow.display_name.chars().take(60).collect();
    let state = match flow.state.as_str() {
        "Started" => "is on",
        "Suspended" => "is suspended",
        _ => "is off",
    };
    match flow.runs.first().map(|run| run.status.as_str()).filter(|_| is_latest) {
        Some("Succeeded") => format!("{name} {state}; its latest run succeeded"),
        Some("Failed" | "TimedOut") => format!("{name} {state}; its latest run failed"),
        _ => format!("{name} {state}"),
    }
}

fn below(flow: &FlowDetails, owner: &str, now: Instant) -> String {
    match flow.next_due.map(|at| When::of(at, now).shown) {
        Some(next) => {
            format!("Owned by {owner}. Its trigger is {}; the next run is due at {next}.", flow.trigger)
        }
        None => format!("Owned by {owner}. Its trigger is {}; no run is due.", flow.trigger),
    }
}

fn user_of(role: &str, id: &str, name_of: impl Fn(&str) -> String) -> UserView {
    UserView {
        name: name_of(id),
        id: id.to_owned(),
        role: match role {
            "Owner" => "owner",
            "CanEdit" => "co-owner",
            _ => "run-only user",
        },
        is_owner: role == "Owner",
    }
}

fn row_of(run: &ListedRun, now: Instant, is_open: bool) -> RowView {
    let (style, icon) = style_of(&run.status);
    RowView {
        name: run.name.clone(),
        when: When::of(run.started, now),
        ended: run.ended.map(|at| When::of(at, now)),
        style,
        icon,
        status: run.status.clone(),
        code: run.code.clone().unwrap_or_default(),
        is_open,
    }
}
