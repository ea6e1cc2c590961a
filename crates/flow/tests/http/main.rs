//! Tests of the flow service over HTTP, with a fake issuer and a fake hub.

mod access;
mod control;
mod crash;
mod definitions;
mod exported;
mod failures;
mod fake_hub;
mod fake_identities;
mod fake_issuer;
mod history;
mod http_actions;
mod identity;
mod lab;
mod maker;
mod managed_identity;
mod manual;
mod recurrence;
mod replicas;
mod secrets;
mod tenants;
