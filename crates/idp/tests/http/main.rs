//! The identity provider over HTTP, as clients, browsers and the lab meet it.

mod browser;
mod client;
mod installation;
mod tenant;
mod tokens;

mod bad_requests;
mod certificate;
mod client_authentication;
mod client_credentials;
mod code;
mod consent;
mod device_code;
mod discovery;
mod federated_credential;
mod forms;
mod graph;
mod happenings;
mod honesty;
mod lifetimes;
mod on_behalf_of;
mod pages;
mod password;
mod password_grant;
mod password_policy;
mod refresh;
mod revocation_table;
mod scopes;
mod signing_keys;
mod single_sign_on;
mod wire;
