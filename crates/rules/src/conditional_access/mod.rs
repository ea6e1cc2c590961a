//! The part of Conditional Access that affects tokens: which policies apply to a use of a
//! credential, and their combined requirements ("Building a Conditional Access policy": all that
//! apply must be satisfied).

mod facts;
mod policy;

use std::collections::BTreeSet;
use std::net::IpAddr;

use outlive_clock::Span;
use serde::{Deserialize, Serialize};

pub use facts::{AccessFacts, FREQUENCY_TOLERANCE};
pub use policy::{
    ApplicationCondition, Conditions, FrequencyInterval, FrequencyUnit, GrantControl, GrantControls,
    LocationCondition, PersistentBrowser, PersistentBrowserMode, Policy, PolicyState, SessionControls,
    SignInFrequency, UserCondition, is_in_range, parsed_range,
};

/// A named location: IP ranges (`ipNamedLocation`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedLocation {
    /// The id that policies refer to.
    pub id: String,
    /// Whether it is trusted (`AllTrusted`).
    pub trusted: bool,
    /// The IP ranges: `192.0.2.0/24`.
    pub ranges: Vec<String>,
}

/// The access to which policies apply.
#[derive(Clone, Debug)]
pub struct AccessRequest<'a> {
    /// The user's object id.
    pub user: &'a str,
    /// Whether the user is a guest.
    pub guest: bool,
    /// The object ids of the user's groups.
    pub groups: &'a [String],
    /// The client ids of resource and client.
    pub applications: &'a [String],
    /// The authentication contexts that the token must satisfy.
    pub contexts: &'a BTreeSet<String>,
    /// The IP address.
    pub address: IpAddr,
}

/// The combined requirements of the policies that apply. `K` is the caller's key of a policy;
/// names are not unique.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demands<K> {
    /// The first policy that blocks access, with its name.
    pub blocked_by: Option<(K, String)>,
    /// The first policy that requires MFA.
    pub second_factor_by: Option<K>,
    /// The shortest sign-in frequency.
    pub sign_in_frequency: Option<Span>,
    /// Whether browser sessions are persistent, unless the user chooses; `never` takes precedence.
    pub stays_signed_in: Option<bool>,
    /// The names of the policies that apply in report-only mode.
    pub reported: Vec<String>,
}

/// Combines the requirements of `policies` for a use of a credential.
#[must_use]
pub fn evaluate<'a, K: Copy + Default>(
    policies: impl IntoIterator<Item = (K, &'a Policy)>,
    locations: &[NamedLocation],
    request: &AccessRequest<'_>,
) -> Demands<K> {
    let mut demands = Demands::default();
    for (key, policy) in policies {
        if policy.state == PolicyState::Disabled || !applies(&policy.conditions, locations, request) {
            continue;
        }
        if policy.state == PolicyState::EnabledForReportingButNotEnforced {
            demands.reported.push(policy.display_name.clone());
            continue;
        }
        demands.add(key, policy);
    }
    demands
}

impl<K: Copy> Demands<K> {
    fn add(&mut self, key: K, policy: &Policy) {
        let controls = policy.grant_controls.as_ref().map_or(&[][..], |grant| &grant.built_in_controls);
        if controls.contains(&GrantControl::Block) {
            self.blocked_by.get_or_insert_with(|| (key, policy.display_name.clone()));
        }
        if controls.contains(&GrantControl::Mfa) {
            self.second_factor_by.get_or_insert(key);
        }
        let Some(session) = &policy.session_controls else { return };
        if let Some(span) = session.sign_in_frequency.as_ref().and_then(SignInFrequency::span) {
            self.sign_in_frequency = Some(self.sign_in_frequency.map_or(span, |other| other.min(span)));
        }
        if let Some(browser) = session.persistent_browser.as_ref().filter(|browser| browser.is_enabled) {
            let stays = browser.mode == PersistentBrowserMode::Always;
            self.stays_signed_in = Some(self.stays_signed_in.unwrap_or(true) && stays);
        }
    }
}

fn applies(conditions: &Conditions, locations: &[NamedLocation], request: &AccessRequest<'_>) -> bool {
    let is_user = |named: &String| match named.as_str() {
        "All" => true,
        "GuestsOrExternalUsers" => request.guest,
        id => id.eq_ignore_ascii_case(request.user),
    };
    let is_group = |named: &String| request.groups.iter().any(|id| id.eq_ignore_ascii_case(named));
    let is_application = |named: &String| {
        named == "All" || request.applications.iter().any(|id| id.eq_ignore_ascii_case(named))
    };
    let is_here = |named: &String| {
        if named == "All" {
            return true;
        }
        let mut meant = locations.iter().filter(|location| match named.as_str() {
            "AllTrusted" => location.trusted,
            id => location.id.eq_ignore_ascii_case(id),
        });
        meant.any(|location| location.ranges.iter().any(|range| is_in_range(request.address, range)))
    };
    let Conditions { users, applications, locations: places, .. } = conditions;
    let contexts = &applications.include_authentication_context_class_references;
    let is_wanted = contexts.iter().any(|context| request.contexts.contains(context))
        || applications.include_applications.iter().any(is_application);
    (users.include_users.iter().any(is_user) || users.include_groups.iter().any(is_group))
        && !users.exclude_users.iter().any(is_user)
        && !users.exclude_groups.iter().any(is_group)
        && is_wanted
        && !applications.exclude_applications.iter().any(is_application)
        && places.as_ref().is_none_or(|places| {
            places.include_locations.iter().any(is_here) && !places.exclude_locations.iter().any(is_here)
        })
}
