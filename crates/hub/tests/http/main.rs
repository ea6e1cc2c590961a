//! The hub over HTTP, between an issuer and a back end that play along.

mod access;
mod bad_input;
mod consent;
mod control;
mod fakes;
mod refresh;
mod runtime;
mod secrets;
mod world;
