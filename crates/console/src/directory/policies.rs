//! `/directory/policies`: Conditional Access.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use outlive_rules::conditional_access::{
    FrequencyInterval, FrequencyUnit, GrantControl, PersistentBrowserMode, Policy, PolicyState,
};
use outlive_wire::counted;
use outlive_wire::directory::{DirectoryPolicies, DirectoryPolicy};

use super::area::{AREAS, Area};
use super::visit::{AskedQuery, Visit, or_return};
use crate::error::{ErrorPage, show};
use crate::frame::Frame;
use crate::number_words::{capital, number};
use crate::state::Console;
use crate::when::When;

/// The number of names that a cell of the table lists.
const NAMES_SHOWN: usize = 5;

#[derive(Template)]
#[template(path = "directory/policies.html")]
struct PoliciesPage {
    frame: Frame,
    area: Area,
    title: String,
    requires_mfa: bool,
    rows: Vec<PolicyRow>,
}

struct PolicyRow {
    name: String,
    state: &'static str,
    style: &'static str,
    icon: &'static str,
    users: String,
    applications: String,
    requires: String,
    changed: When,
}

pub(super) async fn list(
    State(console): State<Console>,
    headers: HeaderMap,
    query: AskedQuery,
) -> Result<Response, ErrorPage> {
    let visit = or_return!(Visit::begin(console, headers, query).await?);
    let (frame, found) =
        or_return!(visit.read::<DirectoryPolicies>(&["policies"], "list of policies").await?);
    let on = found.policies.iter().filter(|one| one.policy.state == PolicyState::Enabled).count();
    let page = PoliciesPage {
        area: Area::Policies,
        title: match (on, found.policies.len()) {
            (_, 0) => "No Conditional Access policy limits sign-ins".to_owned(),
            (0, _) => "No Conditional Access policy is on".to_owned(),
            (1, _) => "One Conditional Access policy is on".to_owned(),
            (on, _) => format!("{} Conditional Access policies are on", capital(&number(on))),
        },
        requires_mfa: found.require_mfa,
        rows: found.policies.iter().map(|one| row(one, &frame)).collect(),
        frame,
    };
    Ok(page.frame.respond(show(&page)))
}

fn row(one: &DirectoryPolicy, frame: &Frame) -> PolicyRow {
    let Policy { display_name, state, conditions, .. } = &one.policy;
    let (state, style, icon) = match state {
        PolicyState::Enabled => ("On", "is-alive", "i-check"),
        PolicyState::Disabled => ("Off", "is-idle", "i-stop"),
        PolicyState::EnabledForReportingButNotEnforced => ("Report-only", "is-idle", "i-idle"),
    };
    let (users, applications) = (&conditions.users, &conditions.applications);
    let targets = if applications.include_authentication_context_class_references.is_empty() {
        names(&applications.include_applications, &applications.exclude_applications)
    } else {
        format!(
            "authentication context {}",
            applications.include_authentication_context_class_references.join(", ")
        )
    };
    PolicyRow {
        name: display_name.clone(),
        state,
        style,
        icon,
        users: names(
            &[&users.include_users[..], &users.include_groups].concat(),
            &[&users.exclude_users[..], &users.exclude_groups].concat(),
        ),
        applications: targets,
        requires: requires(&one.policy),
        changed: When::of(one.modified.unwrap_or(one.created), frame.now()),
    }
}

fn names(included: &[String], excluded: &[String]) -> String {
    let listed = |names: &[String]| {
        let mut shown: Vec<_> = names.iter().take(NAMES_SHOWN).cloned().collect();
        if names.len() > NAMES_SHOWN {
            shown.push(format!("{} more", names.len() - NAMES_SHOWN));
        }
        shown.join(", ")
    };
    match (included.is_empty(), excluded.is_empty()) {
        (true, _) => "None".to_owned(),
        (false, true) => listed(included),
        (false, false) => format!("{}, except {}", listed(included), listed(excluded)),
    }
}

/// What a policy requires, in the admin center's words.
fn requires(policy: &Policy) -> String {
    let mut words = Vec::new();
    for control in policy.grant_controls.iter().flat_map(|controls| &controls.built_in_controls) {
        words.push(match control {
            GrantControl::Block => "Block access".to_owned(),
            GrantControl::Mfa => "Require multifactor authentication".to_owned(),
        });
    }
    if let Some(session) = &policy.session_controls {
        if let Some(frequency) = session.sign_in_frequency.as_ref().filter(|one| one.is_enabled) {
            let every_time = frequency.frequency_interval == Some(FrequencyInterval::EveryTime);
            words.push(match (every_time, frequency.value, frequency.unit) {
                (true, ..) => "Sign-in frequency: every time".to_owned(),
                (_, Some(value), Some(FrequencyUnit::Days)) => {
                    format!("Sign-in frequency: {}", counted(value, "day"))
                }
                (_, value, _) => format!("Sign-in frequency: {}", counted(value.unwrap_or_default(), "hour")),
            });
        }
        if let Some(browser) = session.persistent_browser.as_ref().filter(|one| one.is_enabled) {
            words.push(match browser.mode {
                PersistentBrowserMode::Always => "Persistent browser session: always".to_owned(),
                PersistentBrowserMode::Never => "Persistent browser session: never".to_owned(),
            });
        }
    }
    if let Some(locations) = &policy.conditions.locations {
        words.push(format!(
            "at locations {}",
            names(&locations.include_locations, &locations.exclude_locations)
        ));
    }
    if words.is_empty() { "Nothing".to_owned() } else { words.join("; ") }
}
