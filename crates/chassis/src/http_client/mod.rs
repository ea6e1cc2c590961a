//! Calls between services, and to other hosts.

mod client;
mod connector;
mod loopback;
mod loopback_uri;
mod request_builder;
mod send_error;
mod timed_body;

pub use client::HttpClient;
pub use request_builder::RequestBuilder;
pub use send_error::SendError;
