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
    /// The users whom it concerns, by role; without `users` and `groups` all.
    #[serde(default)]
    pub users: Vec<Spanned<String>>,
    /// The groups whose members it concerns.
    #[serde(default)]
    pub groups: Vec<Spanned<String>>,
    /// The users whom it does not concern, by role.
    #[serde(default)]
    pub except_users: Vec<Spanned<String>>,
    /// The groups whose members it does not concern.
    #[serde(default)]
    pub except_groups: Vec<Spanned<String>>,
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
        group_of: &dyn Fn(&str) -> Option<Uuid>,
        client_of: &dyn Fn(&str) -> ClientId,
    ) -> Value {
        let users = |roles: &[Spanned<String>]| roles.iter().map(|role| user_of(role).to_string()).collect();
        let groups = |names: &[Spanned<String>]| {
            // The check of names reports the others.
            names.iter().filter_map(|name| group_of(&name.value)).map(|id| id.to_string()).collect()
        };
        let control = self.require.as_ref().map(|control| control.value.as_str());
        let control = control.filter(|control| CONTROLS.contains(control));
        let every = self.sign_in_frequency.as_ref().map(|every| every.value);
        let every = every.filter(|every| frequency(*every).is_some());
        let policy = Policy {
            name: &self.name.value,
            users: users(&self.users),
            groups: groups(&self.groups),
            except_users: users(&self.except_users),
            except_groups: groups(&self.except_groups),
            applications: self.applications.iter().map(|name| client_of(&name.value).to_string()).collect(),
            control: control.or_else(|| every.is_none().then_some("mfa")),
            sign_in_frequency: every,
        };
        json!({"id": id, "policy": policy.to_json()})
    }
}
