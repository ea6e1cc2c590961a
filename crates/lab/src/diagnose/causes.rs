//! The causes that a text can name, in the order in which they are tried.

mod hub;
mod issuer;
mod question;

use super::cause::Cause;

/// Returns the causes, the more specific before the more general.
pub(super) fn all() -> impl Iterator<Item = &'static Cause> {
    issuer::CAUSES.iter().chain(hub::CAUSES).chain(question::CAUSES)
}
