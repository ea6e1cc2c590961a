//! Passwords, and what revokes credentials.

use outlive_rules::aadsts::Aadsts;

use crate::event::event;

event! {
    /// A user changed the password with the current one.
    PasswordChanged = "password.changed" {
        /// Who caused it: `user`, `admin`, `policy`, or an object id.
        by: String,
        /// The row of the revocation table.
        event: String,
        /// The user principal name.
        upn: String,
        /// The role of the user in the seed, if any.
        role: Option<String>,
    }
    notable |_| true,
    summary |event| format!("{} changed the password.", event.upn),
    example { by: "user".to_owned(), event: "password_changed_by_user".to_owned(), upn: crate::events::example::OWNER_UPN.to_owned(), role: Some("owner".to_owned()) },
}

event! {
    /// A password was reset: by an administrator, or by the user without the current one.
    PasswordReset = "password.reset" {
        /// Who caused it: `user`, `admin`, `policy`, or an object id.
        by: String,
        /// The row of the revocation table.
        event: String,
        /// The user principal name.
        upn: String,
        /// The role of the user in the seed, if any.
        role: Option<String>,
    }
    notable |_| true,
    summary |event| format!("The password of {} was reset.", event.upn),
    example { by: "admin".to_owned(), event: "admin_reset".to_owned(), upn: crate::events::example::OWNER_UPN.to_owned(), role: Some("owner".to_owned()) },
}

event! {
    /// A password expired.
    PasswordExpired = "password.expired" {
        /// Who caused it: `user`, `admin`, `policy`, or an object id.
        by: String,
        /// The row of the revocation table.
        event: String,
        /// The user principal name.
        upn: String,
        /// The role of the user in the seed, if any.
        role: Option<String>,
    }
    notable |_| true,
    summary |event| format!("The password of {} expired.", event.upn),
    example { by: "policy".to_owned(), event: "password_expired".to_owned(), upn: crate::events::example::OWNER_UPN.to_owned(), role: Some("owner".to_owned()) },
}

event! {
    /// The refresh tokens and sessions of a user were revoked, by the user or an administrator.
    SessionsRevoked = "sessions.revoked" {
        /// Who caused it: `user`, `admin`, `policy`, or an object id.
        by: String,
        /// The row of the revocation table.
        event: String,
        /// The user principal name.
        upn: String,
        /// The role of the user in the seed, if any.
        role: Option<String>,
    }
    notable |_| true,
    summary |event| format!("All sessions and refresh tokens of {} were revoked.", event.upn),
    example { by: "user".to_owned(), event: "user_revokes".to_owned(), upn: crate::events::example::OWNER_UPN.to_owned(), role: Some("owner".to_owned()) },
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
    example { upn: crate::events::example::OWNER_UPN.to_owned(), code: outlive_rules::aadsts::WRONG_PASSWORD },
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
    example { upn: crate::events::example::OWNER_UPN.to_owned(), sent: true },
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
    example { upn: crate::events::example::OWNER_UPN.to_owned(), why: "wrong".to_owned() },
}
