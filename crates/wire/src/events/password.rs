//! Passwords, and what revokes credentials.

use outlive_rules::aadsts::Aadsts;

use super::example;
use crate::event::{event, events};

events! {
    payload {
        /// The user principal name.
        upn: String,
        /// The role of the user in the seed, if any.
        role: Option<String>,
        /// Who caused it: `user`, `admin`, `policy`, or an object id.
        by: String,
        /// The row of the revocation table.
        event: String,
    }
    example { upn: example::OWNER_UPN.to_owned(), role: Some("owner".to_owned()) }
    /// A user changed the password with the current one.
    PasswordChanged = "password.changed" and {}
        example { by: "user".to_owned(), event: "password_changed_by_user".to_owned() }, notable true,
        |event| format!("{} changed the password.", event.upn);
    /// A password was reset: by an administrator, or by the user without the current one.
    PasswordReset = "password.reset" and {}
        example { by: "admin".to_owned(), event: "admin_reset".to_owned() }, notable true,
        |event| format!("The password of {} was reset.", event.upn);
    /// A password expired.
    PasswordExpired = "password.expired" and {}
        example { by: "policy".to_owned(), event: "password_expired".to_owned() }, notable true,
        |event| format!("The password of {} expired.", event.upn);
    /// The refresh tokens and sessions of a user were revoked, by the user or an administrator.
    SessionsRevoked = "sessions.revoked" and {}
        example { by: "user".to_owned(), event: "user_revokes".to_owned() }, notable true,
        |event| format!("All sessions and refresh tokens of {} were revoked.", event.upn);
}

event! {
    /// A password change was refused: the current password was wrong, or the account is locked out.
    PasswordChangeRefused = "password.change_refused" {
        /// The user principal name.
        upn: String,
        /// The error code (`AADSTS50126`).
        #[schema(value_type = String)]
        code: Aadsts,
    }
    notable |_| true,
    summary |event| format!("{} could not change the password ({}).", event.upn, event.code),
    example { upn: example::OWNER_UPN.to_owned(), code: outlive_rules::aadsts::WRONG_PASSWORD },
}

event! {
    /// A visitor requested a code to reset a password.
    PasswordResetRequested = "password.reset_asked" {
        /// The user principal name.
        upn: String,
        /// Whether a code was sent.
        sent: bool,
    }
    notable |_| true,
    summary |event| if event.sent {
        format!("A code to reset the password of {} was sent.", event.upn)
    } else {
        format!("A code to reset the password of {} was requested and not sent.", event.upn)
    },
    example { upn: example::OWNER_UPN.to_owned(), sent: true },
}

event! {
    /// A code to reset a password was rejected.
    PasswordResetRefused = "password.reset_refused" {
        /// The user principal name.
        upn: String,
        /// The reason (`wrong`, `expired` …).
        why: String,
    }
    notable |_| true,
    summary |event| format!("A code to reset the password of {} was rejected: {}.", event.upn, event.why),
    example { upn: example::OWNER_UPN.to_owned(), why: "wrong".to_owned() },
}
