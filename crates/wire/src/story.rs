//! What the page of a tenant tells: each credential of its main user with its state and the reason,
//! and each flow with its latest runs (`GET /lab/tenants/{t}/story`).

use outlive_clock::{Instant, TenantId};
use outlive_rules::{ClientClass, Credential, Event};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::KnownFlow;

/// The story of a tenant.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Story {
    /// The tenant.
    #[schema(value_type = String)]
    pub tenant: TenantId,
    /// The current virtual time.
    #[schema(value_type = String)]
    pub now: Instant,
    /// The rules of the tenant: an edition of the table, with overrides.
    pub rules: String,
    /// The user whose credentials these are: the one with the role `owner`, or the first.
    pub upn: String,
    /// The latest event of the user that has a row in the table.
    pub latest: Option<StoryEvent>,
    /// The credentials: those of connections, then of applications, then of browsers.
    pub credentials: Vec<StoryCredential>,
    /// The flows of the tenant, the oldest first.
    #[schema(value_type = Vec<Object>)]
    pub flows: Vec<StoryFlow>,
    /// The services that do not answer. Their part is missing.
    pub missing: Vec<String>,
    /// The number of faults that are active.
    #[serde(default)]
    pub active_faults: usize,
}

/// An event with a row in the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoryEvent {
    /// The row.
    #[schema(value_type = String)]
    pub event: Event,
    /// The title of the row, as published.
    pub title: String,
    /// When it happened (virtual time).
    #[schema(value_type = String)]
    pub at: Instant,
}

/// What a credential is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CredentialKind {
    /// A refresh token.
    RefreshToken,
    /// An access token.
    AccessToken,
    /// A browser session at the identity provider.
    SessionCookie,
    /// A stored password.
    Password,
    /// A stored key.
    Key,
}

/// Where a credential is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Holder {
    /// The hub, for a connection.
    Connection {
        /// The connection's id.
        id: String,
        /// Its resource name.
        name: String,
        /// The name that its owner gave.
        display_name: String,
    },
    /// An application of the user's.
    Application {
        /// The client id.
        client_id: String,
        /// Its name.
        name: String,
    },
    /// A browser.
    Browser,
}

/// The state of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CredentialState {
    /// It is accepted.
    Alive,
    /// It is an access token that is accepted although the user's grant is revoked, until it
    /// expires.
    Fading,
    /// An event revoked it, or it is refused for another reason than its age.
    Revoked,
    /// It is too old.
    Expired,
    /// There is none: no one has signed in, or nothing was given.
    Absent,
}

/// A credential, with its state and the reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoryCredential {
    /// A name for `why`: an id, a `uti` or a fingerprint; absent for what is no token.
    pub name: Option<String>,
    /// What it is.
    pub kind: CredentialKind,
    /// Where it is.
    pub holder: Holder,
    /// The class of the client that obtained it.
    #[schema(value_type = Option<String>)]
    pub client_class: Option<ClientClass>,
    /// Whether its user signed in with a password.
    pub password_based: bool,
    /// The column of the table.
    #[schema(value_type = Option<String>)]
    pub column: Option<Credential>,
    /// When it was obtained or last renewed (virtual time).
    #[schema(value_type = Option<String>)]
    pub obtained: Option<Instant>,
    /// Its state.
    pub state: CredentialState,
    /// When this state began (virtual time): when it was obtained or renewed, revoked or expired.
    #[schema(value_type = Option<String>)]
    pub since: Option<Instant>,
    /// When it expires if nothing happens (virtual time).
    #[schema(value_type = Option<String>)]
    pub expires: Option<Instant>,
    /// The row that revoked it.
    pub revoked_by: Option<StoryEvent>,
    /// The events since it was obtained that its column survives, latest first.
    pub survived: Vec<StoryEvent>,
    /// The error with which it is refused (`AADSTS50173`, `401`).
    pub code: Option<String>,
    /// When it was first refused (virtual time).
    #[schema(value_type = Option<String>)]
    pub noticed: Option<Instant>,
    /// Rows that would revoke it.
    pub would_end_it: Vec<StoryEvent>,
    /// The explanation of the verdict, in sentences.
    pub explanation: String,
}

/// A flow, with the connections that it uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoryFlow {
    /// The flow and its latest runs.
    #[serde(flatten)]
    pub flow: KnownFlow,
    /// The id of the connection that it uses, if it is known.
    pub connection: Option<String>,
}
