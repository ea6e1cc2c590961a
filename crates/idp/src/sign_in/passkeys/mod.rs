//! Passkeys (Web Authentication): sign-in with an authenticator's key in place of a password. Users
//! register them on a page of their own; password sign-in remains possible.

mod ceremony;
mod challenge;
mod phone_request;
mod security_info;
mod sign_in;
mod stored;

pub(crate) use challenge::Challenge;
pub(crate) use phone_request::{open_requests, registration, respond};
pub(crate) use security_info::{change_security_info, security_info_page};
pub(crate) use sign_in::passkey;
pub(crate) use stored::{Passkey, of_user};
