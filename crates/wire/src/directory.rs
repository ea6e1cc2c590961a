//! What the directory of a tenant contains, as the lab shows it (`/lab/tenants/{t}/directory`).

use outlive_clock::Instant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A user, without credentials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectoryUser {
    /// Object id.
    pub id: String,
    /// Sign-in name.
    pub upn: String,
    /// Display name.
    pub display_name: String,
    /// Directory roles by name.
    pub directory_roles: Vec<String>,
    /// Whether sign-in is allowed.
    pub enabled: bool,
    /// When the user was created (virtual time).
    #[schema(value_type = Option<String>)]
    pub created: Option<Instant>,
    /// When the password was last changed (virtual time).
    #[schema(value_type = String)]
    pub password_changed: Instant,
    /// Whether the password has to be changed at the next sign-in.
    pub must_change_password: bool,
    /// Sessions from before are not valid (virtual time).
    #[schema(value_type = String)]
    pub sessions_valid_from: Instant,
    /// Whether MFA is required for this user.
    pub mfa_required: bool,
    /// Whether an authenticator app is registered.
    pub has_authenticator: bool,
}

/// A user with the details of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectoryUserDetails {
    /// The user.
    pub user: DirectoryUser,
    /// The names of the user's passkeys, the oldest first.
    pub passkeys: Vec<String>,
    /// The names of the user's groups, at most 20.
    pub groups: Vec<String>,
}
