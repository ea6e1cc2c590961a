//! Which connectors have a client secret, and which texts can be one.

use outlive_tokens::Secret;

use super::{ApiProperties, Authentication, ProviderKind};

/// The maximum length of a client secret, in bytes.
const BYTES_MAX: usize = 1_024;

/// Returns why a connector cannot have a client secret.
pub(crate) fn misplaced_secret(properties: &ApiProperties) -> Option<&'static str> {
    let of_sets = properties.sets.iter().map(|set| &set.authentication);
    let all = std::iter::once(&properties.authentication).chain(of_sets);
    let kinds: Vec<_> = all
        .filter_map(|authentication| match authentication {
            Authentication::OAuth { settings, .. } => Some(settings.kind),
            _ => None,
        })
        .collect();
    if kinds.is_empty() {
        Some("the connector does not sign in at an identity provider")
    } else if kinds.iter().all(|kind| *kind == ProviderKind::AadCertificate) {
        Some("the connector authenticates with its certificate, not with a client secret")
    } else {
        None
    }
}

/// Returns why a text cannot be a client secret.
pub(crate) fn length_fault(secret: &Secret) -> Option<&'static str> {
    (secret.is_empty() || secret.expose().len() > BYTES_MAX)
        .then_some("a client secret has 1 to 1024 characters")
}
