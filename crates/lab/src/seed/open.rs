//! Opens a seed file, with the folders of its connectors beside it.

use std::path::Path;

use super::read::Seed;
use crate::diagnostic::Diagnostic;
use crate::text_file::{read_file, read_text_file};

impl Seed {
    /// Reads a seed file and the connector folders beside it.
    ///
    /// The seed is returned with its other mistakes: unknown names, and connectors' files that
    /// cannot be read. With one of them, no tenant can be created from it.
    ///
    /// # Errors
    /// Every structural mistake, with its position.
    pub fn read(path: &Path) -> Result<(Self, Vec<Diagnostic>), Vec<Diagnostic>> {
        let text = read_file(path)?;
        Self::read_text(path, &text)
    }

    /// Reads the text of a seed file, and the connector folders beside it.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_text(path: &Path, text: &str) -> Result<(Self, Vec<Diagnostic>), Vec<Diagnostic>> {
        let name = path.display().to_string();
        let folder = path.parent().unwrap_or_else(|| Path::new("."));
        Self::parse(&name, text, &|beside| read_text_file(&folder.join(beside)))
    }
}
