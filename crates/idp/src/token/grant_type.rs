//! The `grant_type` parameter.

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
    pub(crate) fn parse(name: &str) -> Option<Self> {
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

    /// Returns whether a user grant has no redirect URI, whose type would determine the client
    /// type.
    pub(crate) const fn is_without_redirect(self) -> bool {
        matches!(self, Self::Password | Self::DeviceCode)
    }
}
