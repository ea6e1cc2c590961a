//! Tests of the flow service over HTTP, with a fake issuer and a fake hub.

mod access;
mod asynchronous;
mod control;
mod crash;
mod definitions;
mod exported;
mod failures;
mod fake_hub;
mod fake_issuer;
mod history;
mod http_actions;
mod identity;
mod lab;
mod loops;
mod maker;
mod manual;
mod polling;
mod recurrence;
mod replicas;
mod run_locks;
mod secrets;
mod tenants;
mod webhooks;
