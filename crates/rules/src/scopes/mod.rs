//! What a `scope` parameter requests, and what a token request returns for it. Pure; every grant
//! and both endpoint versions use it.
//!
//! 1. [`ScopeRequest::parse`] reads the parameter. Bare names and a bare `.default` mean Microsoft
//!    Graph.
//! 2. [`ScopeRequest::at_redemption`] and [`ScopeRequest::at_refresh`] choose between the token
//!    request and the grant.
//! 3. [`RequestedResource::spelled_as`] finds the requested names among those that the resource
//!    registers.
//! 4. [`GrantedScopes::new`] compares them with what is consented to; it renders `scope` and `scp`.

mod error;
mod granted;
mod redemption;
mod request;
mod well_known;

pub use error::ScopeError;
pub use granted::{GrantedScopes, ResponseStyle};
pub use request::{RequestedResource, ScopeRequest};
pub(crate) use well_known::DEFAULT;
pub use well_known::{GRAPH_APP_ID, GRAPH_URI, OIDC_SCOPES, names_graph, oidc_scope};
