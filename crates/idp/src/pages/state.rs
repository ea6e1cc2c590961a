//! What a form carries, so that nothing is kept for it: where it leads, whose it is, and which browser it was sent to.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use outlive_clock::{Instant, UserId};
use outlive_rules::aadsts;
use outlive_tokens::{SealedToken, TokenVersion};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::form::Parameters;
use crate::passkeys::Challenge;
use crate::refusal::Refusal;
use crate::sessions::{COOKIE_CANARY, cookie, cookie_attributes};
use crate::visit::Visit;

/// Where a person was going when a page stopped them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Next {
    /// To an application.
    Authorize {
        version: TokenVersion,
        parameters: Parameters,
        /// The consent page was answered, so `prompt=consent` is.
        consented: bool,
    },
    /// To what an administrator grants for everybody.
    AdminConsent { version: TokenVersion, parameters: Parameters },
    /// Out.
    SignOut { parameters: Parameters },
    /// To the page on which the password is changed.
    ChangePassword,
    /// To a new password, without knowing the old one.
    ResetPassword {
        /// The code that was sent, if one was asked for.
        asked: Option<AskedCode>,
    },
    /// Past a second factor.
    SecondFactor(SecondFactorPending),
    /// To the page on which a user's passkeys are kept.
    SecurityInfo,
    /// To a new passkey.
    NewPasskey(Challenge),
    /// Past a passkey.
    Passkey(PasskeyPending),
    /// To the page on which the code of a device is typed.
    EnterUserCode,
    /// To answer for a device.
    Device {
        /// The device code.
        id: Uuid,
        /// Whose code it is, in words.
        application: String,
    },
}

/// Which code a form waits for. It says nothing of whether one was sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AskedCode {
    pub(crate) id: Uuid,
    /// As it was typed.
    pub(crate) user_name: String,
}

/// A sign-in whose first factor was right and whose second one is still to come.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SecondFactorPending {
    pub(crate) next: Box<Next>,
    /// The methods of the first factor.
    pub(crate) amr: Vec<String>,
    /// Whether the browser stays signed in.
    pub(crate) persistent: bool,
    /// When the first factor was given (virtual).
    pub(crate) since: Instant,
    /// The secret that the page offers, if nothing is registered.
    pub(crate) new_secret: Option<String>,
}

/// A sign-in that waits for a passkey.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PasskeyPending {
    pub(crate) next: Box<Next>,
    pub(crate) challenge: Challenge,
    /// Who wants to sign in, as it was typed; empty where the passkey is to tell.
    pub(crate) user_name: String,
    /// Whether the browser stays signed in.
    pub(crate) persistent: bool,
}

impl Next {
    /// Where it leads in the end.
    pub(crate) fn goal(&self) -> &Self {
        match self {
            Self::SecondFactor(pending) => pending.next.goal(),
            Self::Passkey(pending) => pending.next.goal(),
            other => other,
        }
    }

    pub(crate) fn after_consent(self) -> Self {
        match self {
            // The answer tells of an administrator's consent.
            Self::Authorize { version, parameters, .. }
                if parameters.get("prompt") == Some("admin_consent") =>
            {
                Self::Authorize { version, parameters, consented: true }
            }
            // The request goes on without the prompt that was answered.
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
    /// Who the page was shown to, if they are known.
    pub(crate) user: Option<UserId>,
    canary: String,
}

impl SealedToken for PageState {
    const PURPOSE: &'static str = "page-state";
    const PREFIX: &'static str = "";
}

/// The hidden fields of a form, and the cookie that has to come back with them.
pub(crate) struct FormFields {
    pub(crate) ctx: String,
    pub(crate) canary: String,
    pub(crate) set_cookie: Option<String>,
}

impl PageState {
    pub(crate) fn new(segment: &str, next: Next, user: Option<UserId>) -> Self {
        Self { segment: segment.to_owned(), next, user, canary: String::new() }
    }

    /// The tenant's name in the path that the form posts to.
    pub(crate) fn segment(&self) -> &str {
        &self.segment
    }

    /// Seals it for the browser that asked.
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

    /// Where a form leads, whichever browser sent it: for texts about the request only.
    pub(crate) fn next_of_form(visit: &Visit) -> Option<Next> {
        let ctx = visit.parameters.get("ctx")?;
        Some(Self::open(&visit.idp.chassis.sealer, ctx).ok()?.next)
    }

    /// Opens the state of a form that came back: from the same browser (cookie), for the same path, unchanged.
    pub(crate) fn of_form(visit: &Visit) -> Result<Self, Refusal> {
        let foreign = || Refusal::new(aadsts::FORM_OF_ANOTHER_BROWSER);
        let form = &visit.parameters;
        let ctx = form.get("ctx").ok_or_else(foreign)?;
        let state = Self::open(&visit.idp.chassis.sealer, ctx).map_err(|_| foreign())?;
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
