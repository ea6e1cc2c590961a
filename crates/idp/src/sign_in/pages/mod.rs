//! HTML pages. Forms work without script; templates escape all external text, and a strict content
//! security policy is a second line of defense.

mod accounts;
mod admin_consent;
mod assets;
mod device;
mod refusal_page;
mod respond;
mod second_factor;
mod signed_out;
mod state;
mod templates;
mod unknown_path;

pub(crate) use accounts::pick_account;
pub(crate) use admin_consent::admin_consent;
pub(crate) use assets::{passkey_script, script, style};
pub(crate) use device::{approve_device, user_code};
pub(crate) use respond::{
    add_cookies, change_password, form_page, form_post, known_error, message, refusal, sign_in,
};
pub(crate) use second_factor::second_factor;
pub(crate) use signed_out::signed_out;
pub(crate) use state::{Next, PageState, PasskeyPending, PendingCode, SecondFactorPending};
pub(crate) use templates::{
    AskPasskey, AskPhone, AskResetCode, Consent, Permission, ResetPassword, SecurityInfo, Wrong,
};
pub(crate) use unknown_path::{error_lookup, native_client, unknown_path};
