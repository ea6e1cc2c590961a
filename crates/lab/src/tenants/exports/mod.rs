//! Exports: the state of a tenant in a document, from which the same tenant is created in another
//! installation, or in this one after it was deleted.

mod document;
mod error;
mod take;

pub(super) use document::{Content, open};
pub use error::{EXPORT_BYTES_MAX, ExportError};
