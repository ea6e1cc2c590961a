//! Files for shells: completions and man pages.

use std::path::Path;

use clap_complete::Shell;
use outlive_chassis::StartError;

use crate::cli::help;
use crate::terminal::{print, print_line};

/// Prints the completions of a shell.
pub(crate) fn print_completions(shell: Shell) {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut help::command(), "outlive", &mut script);
    print(&String::from_utf8_lossy(&script));
}

/// Writes a man page for each command into a directory, and prints where.
pub(crate) fn write_man_pages(directory: &Path) -> Result<(), StartError> {
    let written = std::fs::create_dir_all(directory)
        .and_then(|()| clap_mangen::generate_to(help::command(), directory));
    written.map_err(|error| {
        StartError::new(
            format!("cannot write man pages into {}", directory.display()),
            error,
            "give a directory that can be written",
        )
    })?;
    print_line(&format!("The man pages are in {0}: man -l {0}/outlive.1", directory.display()));
    Ok(())
}
