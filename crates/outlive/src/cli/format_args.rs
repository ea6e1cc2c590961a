//! The format of what a command prints.

use clap::{Args, ValueEnum};

/// A format.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// The format of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TableFormat {
    /// For a terminal.
    Table,
    /// For a document.
    Markdown,
    /// For a program.
    Json,
    /// A self-contained page.
    Html,
}

/// How to print a result.
#[derive(Debug, Args)]
pub(crate) struct FormatArgs {
    /// The format of the result.
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,
    /// The same as --format json.
    #[arg(long, hide = true, conflicts_with = "format")]
    json: bool,
}

impl FormatArgs {
    pub(crate) fn is_json(&self) -> bool {
        self.json || self.format == OutputFormat::Json
    }
}
