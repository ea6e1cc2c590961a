//! The causes that a text can name, in the order in which they are tried.

mod hub;
mod issuer;
mod question;

use super::cause::Cause;

/// Returns the causes that errors name, the more specific before the more general.
pub(super) fn of_errors() -> impl Iterator<Item = &'static Cause> {
    issuer::CAUSES.iter().chain(hub::CAUSES)
}

/// Returns the causes of what people ask without an error.
pub(super) fn of_questions() -> impl Iterator<Item = &'static Cause> {
    question::CAUSES.iter()
}
