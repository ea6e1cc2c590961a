//! The style sheet of all pages, whichever service they belong to.

/// Colors, layout and components of all pages, as CSS.
pub const STYLESHEET: &str = include_str!("../assets/console.css");
