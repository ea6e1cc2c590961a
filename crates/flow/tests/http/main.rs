//! Tests of the flow service over HTTP, with a fake issuer and a fake hub.

mod access;
mod callbacks;
mod control;
mod crash;
mod crawl;
mod definition_secrets;
mod definitions;
mod exported;
mod failures;
mod fake_hub;
mod fake_issuer;
mod history;
mod hostile;
mod http_actions;
mod identity;
mod lab;
mod links;
mod maker;
mod manual;
mod recurrence;
mod replicas;
mod secrecy;
mod secrets;
mod tenants;
