//! The configuration of the flow service.

use crate::HttpHosts;

/// The configuration of the flow service. Plain values: other crates read the command line and the
/// environment.
#[derive(Clone, Debug)]
pub struct FlowConfig {
    /// The identity provider's origin as this process reaches it.
    pub idp_url: String,
    /// The identity provider's origin as browsers reach it, for challenges.
    pub idp_public_url: String,
    /// The origins that the issuer of a caller token may have.
    pub issuer_origins: Vec<String>,
    /// The hub's origin as this process reaches it.
    pub hub_url: String,
    /// The hosts that `Http` actions can reach.
    pub http_hosts: HttpHosts,
    /// The certificate (PEM) of the authority that services of this installation have their
    /// certificates from; the system's authorities if absent.
    pub authority: Option<String>,
    /// The name of this replica: unique among replicas and the same after a restart, so that the
    /// replica finds the runs that it left unfinished.
    pub replica: String,
}
