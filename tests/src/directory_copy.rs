//! Copies of directories.

use std::path::Path;

/// Copies a directory with everything in it. What exists at the target already remains.
///
/// # Panics
/// If a file cannot be read or written.
pub fn copy_directory(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("the target is writable");
    for entry in std::fs::read_dir(from).expect("a directory that can be read") {
        let entry = entry.expect("its entries can be read");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_directory(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a file can be copied");
        }
    }
}
