//! Page templates.

use askama::Template;

use crate::directory::Application;
use crate::protocol::refusal::Refusal;
use crate::sign_in::passkeys::Passkey;

/// A form: where it is sent, and its hidden fields.
pub(crate) struct Form {
    pub(crate) action: String,
    pub(crate) ctx: String,
    pub(crate) canary: String,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
pub(crate) struct SignIn<'a> {
    pub(crate) form: Form,
    pub(crate) forgot: String,
    pub(crate) application: &'a str,
    pub(crate) user_name: &'a str,
    pub(crate) wrong: Option<Wrong>,
}

/// The error of the previous attempt.
pub(crate) struct Wrong {
    pub(crate) code: String,
    pub(crate) sentence: String,
    pub(crate) remedy: &'static str,
}

impl Wrong {
    pub(crate) fn of(refusal: &Refusal) -> Self {
        Self {
            code: refusal.error.to_string(),
            sentence: refusal.error.sentence(&refusal.params),
            remedy: refusal.error.remedy,
        }
    }
}

#[derive(Template)]
#[template(path = "consent.html")]
pub(crate) struct Consent<'a> {
    pub(crate) form: Form,
    pub(crate) application: &'a str,
    pub(crate) user_name: &'a str,
    pub(crate) permissions: Vec<Permission>,
}

/// The end of a sign-out with front-channel logout.
#[derive(Template)]
#[template(path = "signed_out.html")]
pub(crate) struct SignedOut<'a> {
    pub(crate) frames: Vec<&'a str>,
    pub(crate) continue_to: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "pick_account.html")]
pub(crate) struct PickAccount<'a> {
    pub(crate) form: Form,
    pub(crate) title: &'a str,
    pub(crate) to: &'a str,
    pub(crate) accounts: Vec<PickedAccount>,
    /// Value and text of the last button.
    pub(crate) other: (&'a str, &'a str),
}

pub(crate) struct PickedAccount {
    pub(crate) value: String,
    pub(crate) name: String,
    pub(crate) user_name: String,
    pub(crate) signed_in: bool,
}

#[derive(Template)]
#[template(path = "admin_consent.html")]
pub(crate) struct AdminConsent<'a> {
    pub(crate) form: Form,
    pub(crate) application: &'a str,
    pub(crate) organization: &'a str,
    pub(crate) user_name: &'a str,
    pub(crate) permissions: Vec<Permission>,
    /// Application permissions.
    pub(crate) own: Vec<Permission>,
}

pub(crate) struct Permission {
    pub(crate) resource: String,
    pub(crate) name: String,
    pub(crate) description: String,
}

impl Permission {
    pub(crate) fn delegated(api: &Application, name: &str) -> Self {
        let known = api.document.scopes.iter().find(|scope| scope.value == name);
        Self {
            resource: api.name.clone(),
            name: name.to_owned(),
            description: known.map(|scope| scope.description.clone()).unwrap_or_default(),
        }
    }
}

#[derive(Template)]
#[template(path = "user_code.html")]
pub(crate) struct UserCode<'a> {
    pub(crate) form: Form,
    pub(crate) user_code: &'a str,
    pub(crate) wrong: Option<Wrong>,
    /// Trusted SVG.
    pub(crate) qr: Option<String>,
}

#[derive(Template)]
#[template(path = "approve_device.html")]
pub(crate) struct ApproveDevice<'a> {
    pub(crate) form: Form,
    pub(crate) application: &'a str,
    pub(crate) user_name: &'a str,
    pub(crate) permissions: Vec<Permission>,
}

#[derive(Template)]
#[template(path = "change_password.html")]
pub(crate) struct ChangePassword<'a> {
    pub(crate) form: Form,
    pub(crate) user_name: &'a str,
    pub(crate) wrong: Option<Wrong>,
}

#[derive(Template)]
#[template(path = "second_factor.html")]
pub(crate) struct SecondFactor<'a> {
    pub(crate) form: Form,
    pub(crate) user_name: &'a str,
    pub(crate) new_secret: Option<&'a str>,
    /// Trusted SVG.
    pub(crate) qr: Option<String>,
    pub(crate) wrong: Option<Wrong>,
}

#[derive(Template)]
#[template(path = "ask_reset_code.html")]
pub(crate) struct AskResetCode {
    pub(crate) form: Form,
}

#[derive(Template)]
#[template(path = "reset_password.html")]
pub(crate) struct ResetPassword<'a> {
    pub(crate) form: Form,
    pub(crate) user_name: &'a str,
    pub(crate) wrong: Option<String>,
}

/// Passkey sign-in. It needs script, so the sign-in page only links to it.
#[derive(Template)]
#[template(path = "passkey.html")]
pub(crate) struct AskPasskey<'a> {
    pub(crate) form: Form,
    pub(crate) user_name: &'a str,
    pub(crate) options: &'a str,
}

/// A ceremony of a passkey that the user's phone responds to.
#[derive(Template)]
#[template(path = "ask_phone.html")]
pub(crate) struct AskPhone<'a> {
    pub(crate) form: Form,
    pub(crate) user_name: &'a str,
    /// The number that is typed on the phone.
    pub(crate) number: u8,
    /// Whether the page was shown before.
    pub(crate) has_waited: bool,
    /// The name of a new passkey.
    pub(crate) name: Option<&'a str>,
}

/// A user's passkeys.
#[derive(Template)]
#[template(path = "security_info.html")]
pub(crate) struct SecurityInfo<'a> {
    pub(crate) form: Form,
    pub(crate) user_name: &'a str,
    pub(crate) passkeys: &'a [Passkey],
    /// Options for creating a passkey; `None` where that is impossible.
    pub(crate) options: Option<&'a str>,
    pub(crate) wrong: Option<Wrong>,
}

/// A protocol error.
#[derive(Template)]
#[template(path = "refusal.html")]
pub(crate) struct RefusalPage {
    pub(crate) code: String,
    pub(crate) sentence: String,
    pub(crate) remedy: &'static str,
    pub(crate) trace_id: String,
    pub(crate) correlation_id: String,
    pub(crate) at: String,
}

/// An error of the catalogue.
#[derive(Template)]
#[template(path = "known_error.html")]
pub(crate) struct KnownError {
    pub(crate) code: String,
    pub(crate) text: &'static str,
    pub(crate) who_can_fix_it: &'static str,
    pub(crate) remedy: &'static str,
    pub(crate) seen: String,
}

/// A message without actions.
#[derive(Template)]
#[template(path = "message.html")]
pub(crate) struct Message<'a> {
    pub(crate) title: &'a str,
    pub(crate) text: &'a str,
}

/// The authorization response as a form.
#[derive(Template)]
#[template(path = "form_post.html")]
pub(crate) struct FormPost<'a> {
    pub(crate) action: &'a str,
    pub(crate) fields: &'a [(&'static str, String)],
}

#[cfg(test)]
mod tests {
    use outlive_clock::{Instant, UserId};

    use super::*;

    const NASTY: &str = "<script>alert('x')</script>\"";

    /// Renders every page with markup wherever external text can appear.
    #[test]
    fn markup_from_outside_appears_only_escaped() {
        let form = || Form { action: NASTY.into(), ctx: NASTY.into(), canary: NASTY.into() };
        let wrong = || Some(Wrong { code: NASTY.into(), sentence: NASTY.into(), remedy: "" });
        let permission =
            || Permission { resource: NASTY.into(), name: NASTY.into(), description: NASTY.into() };
        let passkey = Passkey {
            credential: NASTY.into(),
            user_id: UserId::from_uuid(uuid::Uuid::nil()),
            rp_id: NASTY.into(),
            name: NASTY.into(),
            public_key: NASTY.into(),
            aaguid: NASTY.into(),
            counter: 0,
            created_at: Instant::EPOCH,
            used_at: None,
        };
        let pages = [
            SignIn {
                form: form(),
                forgot: NASTY.into(),
                application: NASTY,
                user_name: NASTY,
                wrong: wrong(),
            }
            .render(),
            Consent { form: form(), application: NASTY, user_name: NASTY, permissions: vec![permission()] }
                .render(),
            SignedOut { frames: vec![NASTY], continue_to: Some(NASTY) }.render(),
            PickAccount {
                form: form(),
                title: NASTY,
                to: NASTY,
                accounts: vec![PickedAccount {
                    value: NASTY.into(),
                    name: NASTY.into(),
                    user_name: NASTY.into(),
                    signed_in: true,
                }],
                other: (NASTY, NASTY),
            }
            .render(),
            AdminConsent {
                form: form(),
                application: NASTY,
                organization: NASTY,
                user_name: NASTY,
                permissions: vec![permission()],
                own: vec![permission()],
            }
            .render(),
            UserCode { form: form(), user_code: NASTY, wrong: wrong(), qr: None }.render(),
            ApproveDevice {
                form: form(),
                application: NASTY,
                user_name: NASTY,
                permissions: vec![permission()],
            }
            .render(),
            SecondFactor {
                form: form(),
                user_name: NASTY,
                new_secret: Some(NASTY),
                qr: None,
                wrong: wrong(),
            }
            .render(),
            AskResetCode { form: form() }.render(),
            ResetPassword { form: form(), user_name: NASTY, wrong: Some(NASTY.into()) }.render(),
            ChangePassword { form: form(), user_name: NASTY, wrong: wrong() }.render(),
            AskPasskey { form: form(), user_name: NASTY, options: NASTY }.render(),
            AskPhone { form: form(), user_name: NASTY, number: 42, has_waited: true, name: Some(NASTY) }
                .render(),
            SecurityInfo {
                form: form(),
                user_name: NASTY,
                passkeys: &[passkey],
                options: Some(NASTY),
                wrong: wrong(),
            }
            .render(),
            RefusalPage {
                code: NASTY.into(),
                sentence: NASTY.into(),
                remedy: "",
                trace_id: NASTY.into(),
                correlation_id: NASTY.into(),
                at: NASTY.into(),
            }
            .render(),
            Message { title: NASTY, text: NASTY }.render(),
            FormPost { action: NASTY, fields: &[("code", NASTY.into())] }.render(),
        ];
        for page in pages {
            let page = page.unwrap();
            assert!(!page.contains("alert('x')"), "{page}");
            assert!(page.contains("lang=\"en\""));
        }
    }
}
