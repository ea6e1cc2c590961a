//! A browser for plain HTML forms: cookies, redirects, forms, submit buttons. It runs no scripts;
//! an [`Authenticator`] replaces the script for passkeys.

mod authenticator;
mod cookies;
mod drive;
mod error;
mod form;

pub use authenticator::Authenticator;
pub(crate) use drive::refused;
pub use drive::{Arrival, Browser, Hop};
pub use error::{AuthenticatorError, BrowserError};
pub(crate) use form::aadsts_in;
pub use form::{Form, Page};
