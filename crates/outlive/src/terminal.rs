//! What the person at the terminal reads.

use std::fmt::Display;

/// What a command answers goes to standard output.
#[expect(clippy::print_stdout, reason = "what a command answers goes to standard output")]
pub(crate) fn say(text: &str) {
    println!("{text}");
}

/// A part of an answer that ends its own lines.
#[expect(clippy::print_stdout, reason = "what a command answers goes to standard output")]
pub(crate) fn tell(text: &str) {
    print!("{text}");
}

/// What went wrong goes to standard error.
#[expect(clippy::print_stderr, reason = "what went wrong goes to standard error")]
pub(crate) fn complain(error: &dyn Display) {
    eprintln!("outlive: {error}");
}
