//! The `grant_type` parameter.

/// What a token request presents to get tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GrantType {
    AuthorizationCode,
    RefreshToken,
    ClientCredentials,
    Password,
    DeviceCode,
    OnBehalfOf,
}

impl GrantType {
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "authorization_code" => Self::AuthorizationCode,
            "refresh_token" => Self::RefreshToken,
            "client_credentials" => Self::ClientCredentials,
            "password" => Self::Password,
            "urn:ietf:params:oauth:grant-type:device_code" | "device_code" => Self::DeviceCode,
            "urn:ietf:params:oauth:grant-type:jwt-bearer" => Self::OnBehalfOf,
            _ => return None,
        })
    }

    /// Whether a person's grant comes without a redirect URI, whose type would say what kind of client asks.
    pub(crate) const fn is_without_redirect(self) -> bool {
        matches!(self, Self::Password | Self::DeviceCode)
    }
}
