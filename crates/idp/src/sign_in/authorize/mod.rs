//! The authorization endpoint (RFC 6749, section 4.1.1; reference: "Authorization endpoint"):
//! validates the request, evaluates the browser's session, shows pages where interaction is needed,
//! and issues a code.

mod change_password;
mod consent;
mod endpoint;
mod front_channel;
mod front_channel_logout;
mod issue;
mod logout;
mod reply;
mod request;
mod response_type;
mod sign_in;
mod signed_in;

pub(crate) use reply::{ReplyTo, ResponseMode};
pub(crate) use request::{AuthorizeRefusal, AuthorizeRequest, Prompt, validate};

pub(crate) use change_password::{change_password, change_password_page};
pub(crate) use consent::submit_consent_form;
pub(crate) use endpoint::authorize;
pub(crate) use front_channel_logout::is_logout_url;
pub(crate) use logout::logout;
pub(crate) use sign_in::sign_in;
pub(crate) use signed_in::SignedIn;
