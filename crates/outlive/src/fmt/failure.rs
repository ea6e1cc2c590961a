//! Files that cannot be formatted as a whole.

use outlive_lab::diagnostic::{Diagnostic, Position};

/// Returns a diagnostic for a file as a whole.
pub(super) fn failure(file: String, message: &str, remedy: &str) -> Diagnostic {
    Diagnostic {
        file,
        position: Position::default(),
        excerpt: None,
        message: message.to_owned(),
        remedy: remedy.to_owned(),
    }
}
