//! Reports, as pure functions of results.

pub mod annotations;
pub mod html;
pub mod json;
pub mod junit;
pub mod story;
pub mod summary;
pub mod tap;
#[cfg(test)]
mod tests;
pub mod twins;
