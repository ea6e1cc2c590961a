//! The sealed state that a form carries: its goal, the user, and the browser. The server stores
//! nothing.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use outlive_clock::{Instant, UserId};
use outlive_rules::aadsts;
use outlive_tokens::{SealedToken, TokenVersion};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::directory::sessions::{COOKIE_CANARY, cookie, cookie_attributes};
use crate::protocol::form::Parameters;
use crate::protocol::refusal::Refusal;
use crate::sign_in::passkeys::Challenge;
use crate::visit::Visit;

/// The goal of the interaction that a page belongs to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Next {
    Authorize {
        version: TokenVersion,
        parameters: Parameters,
        /// The consent page was accepted, which satisfies `prompt=consent`.
        consented: bool,
    },
    AdminConsent {
        version: TokenVersion,
        parameters: Parameters,
    },
    SignOut {
        parameters: Parameters,
    },
    ChangePassword,
    ResetPassword {
        /// The code that was sent, if one was requested.
        asked: Option<PendingCode>,
    },
    SecondFactor(SecondFactorPending),
    /// The user's passkeys.
    SecurityInfo,
    NewPasskey(Challenge),
    Passkey(PasskeyPending),
    EnterUserCode,
    Device {
        /// The device code.
        id: Uuid,
        /// The application's name.
        application: String,
    },
}

/// A pending reset code. Does not reveal whether a code was sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PendingCode {
    pub(crate) id: Uuid,
    /// As the user typed it.
    pub(crate) user_name: String,
}

/// A sign-in that awaits MFA.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SecondFactorPending {
    pub(crate) next: Box<Next>,
    /// Authentication methods so far.
    pub(crate) amr: Vec<String>,
    pub(crate) persistent: bool,
    /// When the first factor was verified (virtual).
    pub(crate) since: Instant,
    /// The new secret on the page, if no authenticator is registered.
    pub(crate) new_secret: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PasskeyPending {
    pub(crate) next: Box<Next>,
    pub(crate) challenge: Challenge,
    /// The typed user name; empty for a discoverable passkey.
    pub(crate) user_name: String,
    pub(crate) persistent: bool,
}

impl Next {
    /// Returns the final goal.
    pub(crate) fn goal(&self) -> &Self {
        match self {
            Self::SecondFactor(pending) => pending.next.goal(),
            Self::Passkey(pending) => pending.next.goal(),
            other => other,
        }
    }

    pub(crate) fn after_consent(self) -> Self {
        match self {
            // The response reports an administrator's consent.
            Self::Authorize { version, parameters, .. }
                if parameters.get("prompt") == Some("admin_consent") =>
            {
                Self::Authorize { version, parameters, consented: true }
            }
            // The answered prompt is removed from the request.
            Self::Authorize { version, parameters, .. } => {
                Self::Authorize { version, parameters: parameters.without("prompt"), consented: true }
            }
            other => other,
        }
    }

    pub(crate) const fn consent_was_asked(&self) -> bool {
        matches!(self, Self::Authorize { consented: true, .. })
    }
}

/// The content of a form's `ctx` field, sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PageState {
    segment: String,
    pub(crate) next: Next,
    /// The user to whom the page was shown, if known.
    pub(crate) user: Option<UserId>,
    canary: String,
}

impl SealedToken for PageState {
    const PURPOSE: &'static str = "page-state";
    const PREFIX: &'static str = "";
}

/// A form's hidden fields and the cookie that must accompany them.
pub(crate) struct FormFields {
    pub(crate) ctx: String,
    pub(crate) canary: String,
    pub(crate) set_cookie: Option<String>,
}

impl PageState {
    pub(crate) fn new(segment: &str, next: Next, user: Option<UserId>) -> Self {
        Self { segment: segment.to_owned(), next, user, canary: String::new() }
    }

    /// Returns the tenant segment of the form's path.
    pub(crate) fn segment(&self) -> &str {
        &self.segment
    }

    /// Seals the state for the browser of the request.
    pub(crate) fn fields(mut self, visit: &Visit) -> FormFields {
        let random = &visit.idp.chassis.random;
        let known = cookie(&visit.headers, COOKIE_CANARY).filter(|value| is_canary(value)).map(str::to_owned);
        let set_cookie = known.is_none();
        let canary = known.unwrap_or_else(|| random.stream("canary").uuid().simple().to_string());
        self.canary.clone_from(&canary);
        let ctx = self.seal(&visit.idp.chassis.sealer, &mut random.stream("page-state-nonce"));
        let set_cookie = set_cookie
            .then(|| format!("{COOKIE_CANARY}={canary}; {}", cookie_attributes(&visit.origin, "Lax")));
        FormFields { ctx, canary, set_cookie }
    }

    /// Returns the form's goal without checking the browser: for texts about the request only.
    pub(crate) fn next_of_form(visit: &Visit) -> Option<Next> {
        let ctx = visit.parameters.get("ctx")?;
        Some(Self::open(&visit.idp.chassis.sealer, ctx).ok()?.next)
    }

    /// Opens the state of a submitted form: same browser (cookie), same path, unmodified.
    pub(crate) fn of_form(visit: &Visit) -> Result<Self, Refusal> {
        let foreign = || Refusal::new(aadsts::FORM_OF_ANOTHER_BROWSER);
        let form = &visit.parameters;
        let ctx = form.get("ctx").ok_or_else(foreign)?;
        let state = Self::open(&visit.idp.chassis.sealer, ctx).ok().ok_or_else(foreign)?;
        let same = |value: Option<&str>| {
            value.is_some_and(|value| {
                verify_slices_are_equal(value.as_bytes(), state.canary.as_bytes()).is_ok()
            })
        };
        let ours = same(cookie(&visit.headers, COOKIE_CANARY))
            && same(form.get("canary"))
            && state.segment == visit.segment;
        ours.then_some(state).ok_or_else(foreign)
    }
}

fn is_canary(value: &str) -> bool {
    value.len() == 32 && value.bytes().all(|byte| byte.is_ascii_hexdigit())
}
