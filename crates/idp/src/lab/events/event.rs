//! The events that the lab can request.

use outlive_clock::{ClientId, Span};
use outlive_tokens::Secret;
use serde::Deserialize;

/// The channel through which an administrator resets a password.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Channel {
    #[default]
    AzurePortal,
    EntraAdminCenter,
    M365AdminCenter,
}

/// Who revokes sessions.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum By {
    #[default]
    User,
    Admin,
}

/// An event and its target. `user` is an id or a user principal name, `app` a client id.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum LabEvent {
    PasswordChange {
        user: String,
        new_password: Secret,
    },
    Sspr {
        user: String,
        new_password: Secret,
    },
    AdminReset {
        user: String,
        new_password: Secret,
        #[serde(default)]
        channel: Channel,
    },
    PasswordExpiry {
        user: String,
    },
    RevokeSessions {
        user: String,
        #[serde(default)]
        by: By,
    },
    SignOut {
        user: String,
    },
    DisableUser {
        user: String,
    },
    EnableUser {
        user: String,
    },
    DeleteUser {
        user: String,
    },
    RestoreUser {
        user: String,
    },
    WithdrawConsent {
        app: ClientId,
        user: Option<String>,
    },
    ExpireSecret {
        app: ClientId,
    },
    RotateSecret {
        app: ClientId,
        new_secret: Secret,
        /// How long the old secrets stay valid, unless they expire before; by default they are
        /// deleted.
        overlap: Option<Span>,
    },
    DisableApp {
        app: ClientId,
    },
    EnableApp {
        app: ClientId,
    },
    /// Requires MFA of a user, for an application, or without either in the whole tenant;
    /// `required: false` removes the requirement.
    RequireMfa {
        user: Option<String>,
        app: Option<ClientId>,
        required: Option<bool>,
    },
    /// Requires all users to sign in again after this time: a Conditional Access policy. `PT0S`
    /// removes it.
    SignInFrequency {
        every: Span,
    },
    /// Rotates the key now, or with `every` on a schedule that begins now; `PT0S` ends it.
    RotateSigningKey {
        every: Option<Span>,
    },
    /// The token endpoint responds with 503 for this time, from now on; `PT0S` ends an outage.
    TokenEndpointDown {
        lasts: Span,
    },
    /// The token endpoint responds with 429 for this time.
    TokenEndpointThrottled {
        lasts: Span,
    },
}
