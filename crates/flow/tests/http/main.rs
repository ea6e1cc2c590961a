//! The flow service over HTTP, with an issuer and a hub that only pretend.

mod access;
mod crash;
mod definitions;
mod failures;
mod fake_hub;
mod fake_issuer;
mod history;
mod identity;
mod lab;
mod manual;
mod recurrence;
mod replicas;
mod secrets;
mod tenants;
