//! The Conditional Access policies of a seed.

use outlive_clock::{ClientId, Span, UserId};
use serde::Deserialize;
use serde_json::{Value, json};
use serde_saphyr::Spanned;
use uuid::Uuid;

use super::conditional_access::{CONTROLS, Policy, frequency};

/// A Conditional Access policy.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedPolicy {
    /// Display name.
    pub name: Spanned<String>,
    /// Its id.
    pub id: Uuid,
    /// The users whom it concerns, by role; by default all.
    #[serde(default)]
    pub users: Vec<Spanned<String>>,
    /// The applications that it concerns, by name; by default all.
    #[serde(default)]
    pub applications: Vec<Spanned<String>>,
    /// What it requires: `mfa`, or `block` to grant no access at all.
    pub require: Option<Spanned<String>>,
    /// The maximum age of a sign-in, in whole hours or days.
    pub sign_in_frequency: Option<Spanned<Span>>,
}

impl SeedPolicy {
    /// Returns the specification of the policy for the identity provider. What it requires is
    /// replaced where the check of the seed reports it, so that it is not reported again.
    pub(super) fn spec(
        &self,
        id: Uuid,
        user_of: &dyn Fn(&Spanned<String>) -> UserId,
        client_of: &dyn Fn(&str) -> ClientId,
    ) -> Value {
        let control = self.require.as_ref().map(|control| control.value.as_str());
        let control = control.filter(|control| CONTROLS.contains(control));
        let every = self.sign_in_frequency.as_ref().map(|every| every.value);
        let every = every.filter(|every| frequency(*every).is_some());
        let policy = Policy {
            name: &self.name.value,
            users: self.users.iter().map(|role| user_of(role).to_string()).collect(),
            applications: self.applications.iter().map(|name| client_of(&name.value).to_string()).collect(),
            control: control.or_else(|| every.is_none().then_some("mfa")),
            sign_in_frequency: every,
        };
        json!({"id": id, "policy": policy.to_json()})
    }
}
