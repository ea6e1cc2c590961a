//! The pages of the console with a fake lab: contents, forms, security.

mod browser;
mod class;
mod demo_client;
mod diagnose;
mod directory;
mod docs;
mod errors;
mod fake_directory;
mod fake_flow;
mod fake_lab;
mod fixing;
mod flow;
mod forms;
mod inspector;
mod journal;
mod lists;
mod matrix;
mod phone;
mod sharing;
mod story;
mod teaching;
mod theme;
mod timeline;
mod timeline_data;
mod unknown;
