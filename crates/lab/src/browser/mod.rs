//! A browser for plain HTML forms: cookies, redirects, forms, submit buttons. It runs no scripts;
//! an [`Authenticator`] replaces the script for passkeys.

mod authenticator;
mod code_page;
mod cookies;
mod drive;
mod error;
mod form;
mod stored_key;

pub(crate) use authenticator::Authenticator;
pub(crate) use code_page::{CodePage, secret_on};
pub(crate) use drive::refused;
pub(crate) use drive::{Arrival, Browser};
pub(crate) use error::{AuthenticatorError, BrowserError};
pub(crate) use form::aadsts_in;
pub(crate) use form::{Form, Page};
pub(crate) use stored_key::StoredKey;
