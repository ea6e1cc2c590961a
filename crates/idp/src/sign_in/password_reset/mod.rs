//! Self-service password reset: a user who forgot the password receives a code by another channel
//! and sets a new password with it.

mod code;
mod limit;
mod page;

pub(crate) use code::is_open;
pub(crate) use page::{password_reset, password_reset_page};
