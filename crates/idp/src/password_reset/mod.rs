//! Self-service password reset: who forgot the password gets a code by another way, and with it chooses a new one.

mod code;
mod limit;
mod page;

pub(crate) use page::{password_reset, password_reset_page};
