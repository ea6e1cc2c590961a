//! Users and groups.

use outlive_clock::Instant;
use outlive_rules::Event;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::story::StoryCredential;

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
    /// When the user was deleted (virtual time); a deleted user can be restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub deleted: Option<Instant>,
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
    /// The number of the half minute, since 1970 (virtual time), whose code was accepted last. No
    /// code until then is accepted again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_code_step: Option<u64>,
}

/// A page of users, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectoryUsers {
    /// The users.
    pub users: Vec<DirectoryUser>,
    /// The value of `after` for the next page, if there is one.
    pub next: Option<String>,
}

/// A user with the details of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectoryUserDetails {
    /// The user.
    pub user: DirectoryUser,
    /// The names of the user's passkeys, the oldest first.
    pub passkeys: Vec<String>,
    /// The user's groups, at most 20.
    pub groups: Vec<DirectoryGroup>,
    /// Whether there are more groups.
    pub has_more_groups: bool,
    /// The browser sessions that began last, at most 10.
    pub sessions: Vec<DirectorySession>,
    /// What happened to the user of the rows of the revocation table, the latest first: each event
    /// once, when it last happened.
    pub events: Vec<DirectoryEvent>,
}

/// A browser session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectorySession {
    /// Its id, a name for `why`.
    pub id: String,
    /// When the user signed in (virtual time).
    #[schema(value_type = String)]
    pub started: Instant,
    /// When it was last used (virtual time).
    #[schema(value_type = String)]
    pub last_used: Instant,
    /// When it was signed out (virtual time).
    #[schema(value_type = Option<String>)]
    pub signed_out: Option<Instant>,
    /// Whether the user chose to stay signed in.
    pub persistent: bool,
    /// How the user signed in (`amr`).
    pub methods: Vec<String>,
}

/// An event with a row in the revocation table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectoryEvent {
    /// The row.
    #[schema(value_type = String)]
    pub event: Event,
    /// The title of the row in the tenant's edition.
    pub title: String,
    /// When it last happened (virtual time).
    #[schema(value_type = String)]
    pub at: Instant,
}

/// What a user's browsers, applications and connections hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectoryCredentials {
    /// The current virtual time.
    #[schema(value_type = String)]
    pub now: Instant,
    /// Each credential with its state and the reason: of at most 6 connections, of the applications
    /// that the user signed in to in the latest 10 sessions, and those sessions.
    pub credentials: Vec<StoryCredential>,
    /// The services that do not answer. Their part is missing.
    pub missing: Vec<String>,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectoryGroup {
    /// Object id.
    pub id: String,
    /// Display name.
    pub display_name: String,
    /// Its description.
    pub description: Option<String>,
    /// When it was created (virtual time), if the directory knows.
    #[schema(value_type = Option<String>)]
    pub created: Option<Instant>,
}

/// A page of groups, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectoryGroups {
    /// The groups.
    pub groups: Vec<DirectoryGroup>,
    /// The value of `after` for the next page, if there is one.
    pub next: Option<String>,
}

/// A group with a page of its members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectoryGroupDetails {
    /// The group.
    pub group: DirectoryGroup,
    /// Its members, by id.
    pub members: Vec<DirectoryUser>,
    /// The value of `after` for the next page of members, if there is one.
    pub next: Option<String>,
}
