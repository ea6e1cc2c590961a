//! A person's browser, as far as plain HTML forms go: cookies, redirects, forms, submit buttons. It runs no script; what
//! the script for passkeys does, an [`Authenticator`] does.

mod authenticator;
mod cookies;
mod drive;
mod form;

pub use authenticator::{Authenticator, AuthenticatorError};
pub(crate) use drive::refused;
pub use drive::{Arrival, Browser, BrowserError, Hop};
pub(crate) use form::aadsts_in;
pub use form::{Form, Page};
