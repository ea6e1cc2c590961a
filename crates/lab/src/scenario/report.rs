//! Reports, as pure functions of results.

pub mod json;
pub mod junit;
pub mod story;
#[cfg(test)]
mod tests;
pub mod twins;
