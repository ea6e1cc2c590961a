//! A person's browser, as far as plain HTML forms go: cookies, redirects, forms, submit buttons. It runs no script.

mod cookies;
mod drive;
mod form;

pub use drive::{Arrival, Browser, BrowserError, Hop};
pub(crate) use form::aadsts_in;
pub use form::{Form, Page};
