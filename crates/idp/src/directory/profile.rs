//! Properties of a user beside names and credentials.

use outlive_clock::Instant;
use serde::{Deserialize, Serialize};

/// The password policy that exempts a user from password expiry ("user resource type").
pub(crate) const PASSWORD_NEVER_EXPIRES: &str = "DisablePasswordExpiration";

/// A user's profile. Absent properties are not stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UserProfile {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) given_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) surname: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mail: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mail_nickname: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) job_title: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) guest: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) password_policies: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) created_at: Option<Instant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) disabled_at: Option<Instant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last_deleted_at: Option<Instant>,
    /// When MFA was last newly required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) second_factor_required_at: Option<Instant>,
}

impl UserProfile {
    /// Returns whether the user is exempt from password expiry.
    pub(crate) fn password_never_expires(&self) -> bool {
        let policies = self.password_policies.as_deref().unwrap_or_default();
        policies.split(',').any(|policy| policy.trim() == PASSWORD_NEVER_EXPIRES)
    }
}
