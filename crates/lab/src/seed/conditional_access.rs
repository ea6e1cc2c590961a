//! Conditional Access policies, in the form in which Microsoft Graph takes them.

use outlive_clock::Span;
use serde_json::{Value, json};

/// What a policy can require.
pub(crate) const CONTROLS: [&str; 2] = ["mfa", "block"];

/// An enabled policy.
pub(crate) struct Policy<'a> {
    pub(crate) name: &'a str,
    /// The object ids of the users whom it concerns; all if there are neither users nor groups.
    pub(crate) users: Vec<String>,
    /// The object ids of the groups whose members it concerns.
    pub(crate) groups: Vec<String>,
    /// The object ids of the users whom it does not concern.
    pub(crate) except_users: Vec<String>,
    /// The object ids of the groups whose members it does not concern.
    pub(crate) except_groups: Vec<String>,
    /// The client ids of the applications that it concerns; all if there are none.
    pub(crate) applications: Vec<String>,
    /// One of [`CONTROLS`].
    pub(crate) control: Option<&'a str>,
    /// The maximum age of a sign-in.
    pub(crate) sign_in_frequency: Option<Span>,
}

impl Policy<'_> {
    pub(crate) fn to_json(&self) -> Value {
        let or_all = |ids: &[String]| if ids.is_empty() { json!(["All"]) } else { json!(ids) };
        let all_users = self.users.is_empty() && self.groups.is_empty();
        let mut policy = json!({
            "displayName": self.name,
            "state": "enabled",
            "conditions": {
                "users": {
                    "includeUsers": if all_users { json!(["All"]) } else { json!(self.users) },
                    "excludeUsers": self.except_users,
                    "includeGroups": self.groups,
                    "excludeGroups": self.except_groups,
                },
                "applications": {"includeApplications": or_all(&self.applications)},
            },
        });
        if let Some(control) = self.control {
            policy["grantControls"] = json!({"operator": "OR", "builtInControls": [control]});
        }
        if let Some(frequency) = self.sign_in_frequency.and_then(frequency) {
            policy["sessionControls"] = json!({"signInFrequency": frequency});
        }
        policy
    }
}

/// Returns the session control of a sign-in frequency; `None` unless it is 1 to 23 hours or 1 to
/// 365 days.
pub(crate) fn frequency(every: Span) -> Option<Value> {
    let hours = every.as_seconds() / 3_600;
    let is_whole = Span::from_hours(hours) == every;
    let (kind, value) = match hours {
        hours if hours > 0 && hours % 24 == 0 => ("days", hours / 24),
        hours => ("hours", hours),
    };
    let fits = match kind {
        "days" => (1..=365).contains(&value),
        _ => (1..=23).contains(&value),
    };
    (is_whole && fits).then(|| json!({"isEnabled": true, "type": kind, "value": value}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_frequency_is_a_number_of_hours_or_days() {
        for (every, expected) in [
            (Span::from_hours(4), Some(("hours", 4))),
            (Span::from_hours(48), Some(("days", 2))),
            (Span::from_hours(25), None),
            (Span::from_minutes(90), None),
            (Span::ZERO, None),
            (Span::from_days(366), None),
        ] {
            let frequency = frequency(every).map(|found| (found["type"].clone(), found["value"].clone()));
            assert_eq!(frequency, expected.map(|(kind, value)| (json!(kind), json!(value))), "{every}");
        }
    }
}
