//! Conditional Access policies in the shape that Graph gives them (`conditionalAccessPolicy`), as
//! far as they decide the fate of tokens.

use std::net::IpAddr;

use ipnet::IpNet;
use outlive_clock::Span;
use serde::{Deserialize, Serialize};

/// Whether a policy is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PolicyState {
    /// In force.
    Enabled,
    /// Not in force.
    Disabled,
    /// Evaluated and reported, but not enforced ("report-only").
    EnabledForReportingButNotEnforced,
}

impl PolicyState {
    /// The value of `state`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::EnabledForReportingButNotEnforced => "enabledForReportingButNotEnforced",
        }
    }
}

/// The users that a policy includes and excludes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserCondition {
    /// `All`, `None`, `GuestsOrExternalUsers`, or object ids.
    #[serde(default)]
    pub include_users: Vec<String>,
    /// Object ids, or `GuestsOrExternalUsers`.
    #[serde(default)]
    pub exclude_users: Vec<String>,
    /// Object ids of groups; their members are included, too.
    #[serde(default)]
    pub include_groups: Vec<String>,
    /// Object ids of groups, whose members are excluded.
    #[serde(default)]
    pub exclude_groups: Vec<String>,
}

/// The resources and clients, or the authentication contexts, to which a policy applies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApplicationCondition {
    /// `All`, `None`, or client ids.
    #[serde(default)]
    pub include_applications: Vec<String>,
    /// Client ids.
    #[serde(default)]
    pub exclude_applications: Vec<String>,
    /// Authentication contexts, `c1` to `c99`, in place of applications.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include_authentication_context_class_references: Vec<String>,
}

/// The locations to which a policy applies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LocationCondition {
    /// `All`, `AllTrusted`, or ids of named locations.
    pub include_locations: Vec<String>,
    /// `AllTrusted`, or ids of named locations.
    #[serde(default)]
    pub exclude_locations: Vec<String>,
}

/// The conditions of a policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Conditions {
    /// The users.
    pub users: UserCondition,
    /// The applications.
    pub applications: ApplicationCondition,
    /// The locations; any location if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locations: Option<LocationCondition>,
    /// `all`; other types are not supported.
    #[serde(default)]
    pub client_app_types: Vec<String>,
}

/// A grant control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum GrantControl {
    /// Blocks access.
    Block,
    /// Requires MFA.
    Mfa,
}

/// The requirements for access.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GrantControls {
    /// `AND` or `OR`, equivalent for a single control.
    #[serde(default)]
    pub operator: Option<String>,
    /// The controls.
    #[serde(default)]
    pub built_in_controls: Vec<GrantControl>,
}

/// How often users must sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignInFrequency {
    /// The number of hours or days.
    #[serde(default)]
    pub value: Option<u32>,
    /// `hours` or `days`.
    #[serde(default, rename = "type")]
    pub unit: Option<FrequencyUnit>,
    /// `timeBased` or `everyTime`.
    #[serde(default)]
    pub frequency_interval: Option<FrequencyInterval>,
    /// `primaryAndSecondaryAuthentication`; a separate frequency for MFA is not supported.
    #[serde(default)]
    pub authentication_type: Option<String>,
    /// Whether it is enabled.
    #[serde(default = "yes")]
    pub is_enabled: bool,
}

/// The unit of a sign-in frequency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FrequencyUnit {
    /// Hours.
    Hours,
    /// Days.
    Days,
}

/// Whether a sign-in frequency is a span of time at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FrequencyInterval {
    /// After the configured time.
    TimeBased,
    /// Every time.
    EveryTime,
}

/// Whether browsers stay signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PersistentBrowser {
    /// Always or never, whatever the user chooses.
    pub mode: PersistentBrowserMode,
    /// Whether it is enabled.
    #[serde(default = "yes")]
    pub is_enabled: bool,
}

/// See [`PersistentBrowser`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PersistentBrowserMode {
    /// They stay signed in.
    Always,
    /// They do not.
    Never,
}

/// What a session may be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SessionControls {
    /// The sign-in frequency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_in_frequency: Option<SignInFrequency>,
    /// Whether browsers stay signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persistent_browser: Option<PersistentBrowser>,
}

/// What a policy says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Policy {
    /// The display name.
    pub display_name: String,
    /// Whether it is in force.
    pub state: PolicyState,
    /// When it applies.
    pub conditions: Conditions,
    /// What has to be given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_controls: Option<GrantControls>,
    /// What the session may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_controls: Option<SessionControls>,
}

const fn yes() -> bool {
    true
}

impl SignInFrequency {
    /// How old a sign-in may be; zero for every time.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        if !self.is_enabled {
            return None;
        }
        if self.frequency_interval == Some(FrequencyInterval::EveryTime) {
            return Some(Span::from_seconds(0));
        }
        match (self.value?, self.unit?) {
            (hours, FrequencyUnit::Hours) => Some(Span::from_hours(hours.into())),
            (days, FrequencyUnit::Days) => Some(Span::from_days(days.into())),
        }
    }
}

impl UserCondition {
    /// Whether it depends on the groups of a user.
    #[must_use]
    pub const fn names_groups(&self) -> bool {
        !self.include_groups.is_empty() || !self.exclude_groups.is_empty()
    }
}

impl Policy {
    /// Validates the policy; returns a message for its author.
    #[must_use]
    pub fn fault(&self) -> Option<&'static str> {
        let Conditions { users, applications, client_app_types, .. } = &self.conditions;
        let controls = self.grant_controls.as_ref().map_or(&[][..], |grant| &grant.built_in_controls);
        let session = self.session_controls.clone().unwrap_or_default();
        if self.display_name.is_empty() || self.display_name.len() > 256 {
            return Some("displayName must have 1 to 256 characters.");
        }
        let contexts = &applications.include_authentication_context_class_references;
        if (users.include_users.is_empty() && users.include_groups.is_empty())
            || applications.include_applications.is_empty() == contexts.is_empty()
        {
            return Some(
                "includeUsers and includeApplications must not be empty: use 'All', 'None' or ids. Groups may replace \
                 users, and authentication contexts applications.",
            );
        }
        if !contexts.iter().all(|context| is_context(context)) {
            return Some("Authentication contexts must be c1 to c99.");
        }
        if client_app_types.iter().any(|kind| kind != "all") {
            return Some("Only the client app type 'all' is supported.");
        }
        if controls.contains(&GrantControl::Block) && controls.len() > 1 {
            return Some("'block' cannot be combined with other controls.");
        }
        if controls.is_empty() && session.sign_in_frequency.is_none() && session.persistent_browser.is_none()
        {
            return Some("A policy has a grant control or a session control.");
        }
        if let Some(frequency) = &session.sign_in_frequency {
            let every_time = frequency.frequency_interval == Some(FrequencyInterval::EveryTime);
            let bounds = match frequency.unit {
                Some(FrequencyUnit::Hours) => 1..=23,
                _ => 1..=365,
            };
            if frequency.is_enabled
                && !every_time
                && (frequency.unit.is_none() || !frequency.value.is_some_and(|value| bounds.contains(&value)))
            {
                return Some("signInFrequency is 1 to 23 hours, 1 to 365 days, or everyTime.");
            }
        }
        if session.persistent_browser.is_some() && applications.include_applications != ["All"] {
            return Some("persistentBrowser is for all applications: includeApplications is 'All'.");
        }
        None
    }
}

/// Whether an authentication context is called so: `c1` to `c99`.
fn is_context(name: &str) -> bool {
    let number = name.strip_prefix('c').filter(|number| !number.starts_with(['0', '+']));
    number.and_then(|number| number.parse::<u8>().ok()).is_some_and(|number| number < 100)
}

/// Whether an address lies in a range such as `192.0.2.0/24` or `2001:db8::/32`. What is no range
/// holds nothing.
#[must_use]
pub fn is_in_range(address: IpAddr, range: &str) -> bool {
    parsed_range(range).is_some_and(|network| network.contains(&address))
}

/// The network of a range.
#[must_use]
pub fn parsed_range(range: &str) -> Option<IpNet> {
    range.parse().ok()
}
