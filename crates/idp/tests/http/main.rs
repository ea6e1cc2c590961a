//! The identity provider over HTTP, as clients, browsers and the lab meet it.

mod browser;
mod client;
mod installation;
mod tenant;
mod tokens;

mod bad_requests;
mod client_authentication;
mod client_credentials;
mod code;
mod consent;
mod discovery;
mod forms;
mod graph;
mod graph_applications;
mod graph_grants;
mod graph_logs;
mod graph_roles;
mod graph_users;
mod happenings;
mod honesty;
mod lifetimes;
mod pages;
mod password;
mod refresh;
mod revocation_table;
mod signing_keys;
mod single_sign_on;
mod user_info;
mod wire;
