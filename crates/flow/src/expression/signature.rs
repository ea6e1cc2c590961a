//! The name of a function, and how many arguments it takes.

/// The maximum for functions with any number of arguments.
pub(super) const ANY: usize = 1_000;

/// The name of a function, and how many arguments it takes.
pub(super) struct Signature {
    pub(super) name: &'static str,
    pub(super) fewest: usize,
    pub(super) most: usize,
}
