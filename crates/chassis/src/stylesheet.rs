//! The style sheet and the icon of all pages, whichever service they belong to.

/// Colors, layout and components of all pages, as CSS.
pub const STYLESHEET: &str = include_str!("../assets/console.css");

/// The icon of all pages, as SVG.
pub const ICON: &str = include_str!("../assets/icon.svg");
