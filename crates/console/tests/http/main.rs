//! The pages of the console with a fake lab: contents, forms, security.

mod browser;
mod errors;
mod fake_lab;
mod fixing;
mod forms;
mod story;
