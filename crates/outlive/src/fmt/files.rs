//! Finds the files to format.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use outlive_lab::FileKind;
use outlive_lab::canonical::read_file;
use outlive_lab::diagnostic::Diagnostic;
use walkdir::{DirEntry, WalkDir};

use super::failure::failure;

/// A file to format.
pub(super) struct Found {
    pub(super) path: PathBuf,
    /// Its text, or why it cannot be read.
    pub(super) text: Result<String, Diagnostic>,
}

/// Returns the given files, and all scenario and seed files below the given folders, each once, and
/// the folders that cannot be searched or have none.
pub(super) fn find(given: &[PathBuf]) -> (Vec<Found>, Vec<Diagnostic>) {
    let (mut files, mut mistakes) = (Vec::new(), Vec::new());
    for path in given {
        if path.is_dir() {
            match find_below(path) {
                Ok(found) => files.extend(found),
                Err(mistake) => mistakes.push(mistake),
            }
        } else {
            files.push(Found { path: path.clone(), text: read_file(path) });
        }
    }
    let mut seen = BTreeSet::new();
    files.retain(|file| seen.insert(file.path.canonicalize().unwrap_or_else(|_| file.path.clone())));
    (files, mistakes)
}

/// Returns the YAML files below a folder that are scenario or seed files, or cannot be read. Links
/// to folders are not followed, and hidden files not searched.
fn find_below(folder: &Path) -> Result<Vec<Found>, Diagnostic> {
    let mut files = Vec::new();
    let is_hidden =
        |entry: &DirEntry| entry.depth() > 0 && entry.file_name().as_encoded_bytes().starts_with(b".");
    for entry in WalkDir::new(folder).sort_by_file_name().into_iter().filter_entry(|entry| !is_hidden(entry))
    {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(folder).display().to_string();
            let why = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
            failure(path, &format!("cannot be searched: {why}"), "check the permissions of the folder")
        })?;
        let path = entry.path();
        let is_yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
        if !is_yaml || !path.is_file() {
            continue;
        }
        let text = read_file(path);
        if text.as_ref().map_or(true, |text| FileKind::of(text).is_some()) {
            files.push(Found { path: path.to_owned(), text });
        }
    }
    if files.is_empty() {
        return Err(failure(
            folder.display().to_string(),
            "there are no scenario or seed files in this folder",
            "give a folder with files that end in .yaml or .yml, or the files themselves",
        ));
    }
    Ok(files)
}
