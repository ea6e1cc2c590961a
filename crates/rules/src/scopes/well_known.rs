//! Microsoft Graph and its scopes, which every tenant knows.

/// The application id of Microsoft Graph: the resource of bare names, and the audience of their
/// tokens.
pub const GRAPH_APP_ID: &str = "00000003-0000-0000-c000-000000000000";

/// The identifier URI of Microsoft Graph.
pub const GRAPH_URI: &str = "https://graph.microsoft.com";

/// The OpenID Connect scopes. They belong to Microsoft Graph, and are always written bare.
pub const OIDC_SCOPES: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// The scope that includes everything that is consented to or registered.
pub(crate) const DEFAULT: &str = ".default";

/// The OpenID Connect scope of this name in its registered spelling.
#[must_use]
pub fn oidc_scope(name: &str) -> Option<&'static str> {
    OIDC_SCOPES.into_iter().find(|known| known.eq_ignore_ascii_case(name))
}

/// Whether an identifier names Microsoft Graph; one slash at its end does not matter.
#[must_use]
pub fn names_graph(identifier: &str) -> bool {
    let identifier = identifier.strip_suffix('/').unwrap_or(identifier);
    [GRAPH_URI, GRAPH_APP_ID].iter().any(|known| known.eq_ignore_ascii_case(identifier))
}
