//! Consent: a user signs in, and a connection gets its tokens.
//!
//! | step | caller | result |
//! |---|---|---|
//! | `listConsentLinks` | an authenticated caller | a sealed link, valid for 10 minutes |
//! | `GET /login?data=` | a browser | a redirect to the issuer with `state` and a PKCE challenge |
//! | `GET /redirect?code=&state=` | the browser, from the issuer | tokens, and the hub's own code |
//! | `confirmConsentCode` | the same caller | the connection is connected |
//! | `POST /firstPartyLogin?data=` | the user | the connection is connected |
//!
//! The last one takes the place of the three before it.
//!
//! Every step is possible once: a state and a code can be used once. The tokens stay sealed in the
//! attempt until the code is confirmed.

mod attempt;
mod first_party;
mod login;
mod named;
mod page;
mod redirect;
mod return_url;
mod tickets;

pub(crate) use attempt::{
    Attempt, Redeemed, consume_code, count_open, delete_older, end_all, end_all_of, find_by_code, insert,
};
pub(crate) use login::verifier_purpose;
pub(crate) use named::{attempt_of, connection_of_attempt};
pub use return_url::return_origin;
pub(crate) use return_url::return_url;
pub(crate) use tickets::{LoginLink, digest};

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use outlive_clock::Span;

use crate::Hub;

/// How long a login link is valid (virtual time).
pub(crate) const LINK_LIFETIME: Span = Span::from_minutes(10);
/// The maximum number of open attempts of a connection.
pub(crate) const ATTEMPTS_MAX: i64 = 50;

pub(crate) fn router() -> Router<Arc<Hub>> {
    Router::new()
        .route("/login", get(login::open))
        .route("/firstPartyLogin", get(first_party::show).post(first_party::sign_in))
        .route("/redirect", get(redirect::handle_redirect))
        .route("/redirect/{key}", get(redirect::handle_redirect))
}
