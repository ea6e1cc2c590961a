//! Classes: a tenant for each seat, a code to join by, and changes for all seats at once.

mod code;
mod open_classes;
mod reserved;
mod store;

pub use open_classes::SEATS_MAX;
pub(crate) use open_classes::{ClassError, Classes, TenantOf};
pub use reserved::complete_classes;
