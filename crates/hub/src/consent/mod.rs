//! Consent: how a person's sign-in gives a connection its tokens.
//!
//! | step | who | what is given out |
//! |---|---|---|
//! | `listConsentLinks` | an authenticated caller | a link, sealed, good for 10 minutes |
//! | `GET /login?data=` | a browser | a redirect to the issuer with `state` and a PKCE challenge |
//! | `GET /redirect?code=&state=` | the browser, from the issuer | the issuer's code is redeemed here; a redirect with the hub's own code |
//! | `confirmConsentCode` | the same caller | the connection is connected |
//!
//! Every step is taken once: a state that came back, and a code that was confirmed, are worth nothing more. The tokens rest
//! sealed with the attempt until the code is confirmed.

mod attempt;
mod login;
mod page;
mod redirect;
mod return_url;
mod tickets;

pub(crate) use attempt::{Attempt, Redeemed, delete_all_of, insert, open_attempts, redeemed, take};
pub(crate) use return_url::return_url;
pub(crate) use tickets::{LoginLink, digest};

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use outlive_clock::Span;

use crate::Hub;

/// How long a login link can be opened (virtual time).
pub(crate) const LINK_LIFETIME: Span = Span::from_minutes(10);
/// How long a person may take at the issuer once the link was opened (virtual time).
const STATE_LIFETIME: Span = Span::from_minutes(15);
/// How long the hub's code can be confirmed (virtual time).
const CODE_LIFETIME: Span = Span::from_minutes(5);
/// The most attempts a connection may have open.
pub(crate) const ATTEMPTS_MAX: i64 = 50;

pub(crate) fn router() -> Router<Arc<Hub>> {
    Router::new()
        .route("/login", get(login::open))
        .route("/redirect", get(redirect::come_back))
        .route("/redirect/{key}", get(redirect::come_back))
}
