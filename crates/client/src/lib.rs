//! Tests of applications that sign in with Microsoft Entra ID, against Outlive: a lab that issues
//! tokens and decides their fate as Entra ID does. Each test has a tenant of its own, whose time
//! moves when the test says so.
//!
//! ```no_run
//! use outlive_client::{Error, Lab};
//!
//! # /*
//! #[tokio::test]
//! # */
//! async fn a_reset_ends_the_refresh_token() -> Result<(), Error> {
//!     let tenant = Lab::get().await?.tenant().await?;
//!     let tokens = tenant.sign_in("owner", "Orders Desktop").await?;
//!     // … your application uses them, at tenant.urls() and tenant.authority() …
//!     tenant.reset_password("owner").await?;
//!     tenant.advance("PT2H").await?;
//!     let why = tenant.why(tokens.refresh_token.as_deref().unwrap_or_default()).await?;
//!     assert_eq!(why.verdict.and_then(|verdict| verdict.code).as_deref(), Some("AADSTS50173"));
//!     tenant.delete().await
//! }
//! ```
//!
//! [`Lab::get`] starts the `outlive` program on first use, on free ports and with temporary data;
//! it ends with the test process, even if that is killed. The program is `OUTLIVE_BIN`, or
//! `outlive` on `PATH`. With `OUTLIVE_AGAINST=http://127.0.0.1:8700`, tests use the lab at that
//! address. A [`Tenant`] is deleted by [`Tenant::delete`], when it is dropped, and an hour after
//! its creation at the latest.
//!
//! A call is a method of [`Tenant`] that is awaited; what it returns has the types of this crate.
//! An [`Error`] says what failed, why, and what to do. All calls need a tokio runtime with I/O and
//! time, as `#[tokio::test]` has.

mod details;
mod error;
mod event;
mod fault;
mod forge;
mod journal;
mod lab;
mod lab_api;
mod new_tenant;
mod overlay;
mod process;
mod program;
mod sign_in;
mod snapshot;
mod tenant;
mod tenant_api;
mod time;
mod why;

pub use details::{Application, Connection, Connector, Flow, TenantDetails, Urls, User};
pub use error::{Error, Problem};
pub use event::{Event, Happened};
pub use fault::{AddedFault, Fault, Service};
pub use forge::{ForgeAlgorithm, ForgeKey, ForgedToken, Forgery};
pub use journal::{Journal, JournalLine};
pub use lab::{Lab, LabBuilder};
pub use new_tenant::NewTenant;
pub use overlay::{ApplicationKind, NewApplication, NewUser};
pub use sign_in::{AuthorizationResponse, SignIn, Tokens};
pub use snapshot::Snapshot;
pub use tenant::Tenant;
pub use tenant_api::Pending;
pub use time::{Clock, Span};
pub use why::{Moment, Verdict, WhatIf, Why};
