//! Issuer identifiers.

use outlive_clock::TenantId;
use serde::{Deserialize, Serialize};

/// The version of tokens and endpoints. The resource determines the version of an access token, the
/// endpoint that of an ID token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TokenVersion {
    /// `ver` "1.0", issuer `{origin}/{tid}/`.
    #[serde(rename = "1.0")]
    V1,
    /// `ver` "2.0", issuer `{origin}/{tid}/v2.0`.
    #[serde(rename = "2.0")]
    V2,
}

/// The issuer of a tenant's tokens: `{origin}/{tid}/` in version 1, `{origin}/{tid}/v2.0` in
/// version 2. `origin` has no trailing slash.
#[must_use]
pub fn issuer(origin: &str, tenant: TenantId, version: TokenVersion) -> String {
    match version {
        TokenVersion::V1 => format!("{origin}/{tenant}/"),
        TokenVersion::V2 => format!("{origin}/{tenant}/v2.0"),
    }
}

/// Whether `claimed` is the issuer of `tenant`, in either version, at one of `origins`.
pub(crate) fn is_accepted(claimed: &str, origins: &[String], tenant: TenantId) -> bool {
    origins.iter().any(|origin| {
        [TokenVersion::V1, TokenVersion::V2].iter().any(|version| issuer(origin, tenant, *version) == claimed)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_names_are_accepted() {
        let tenant = TenantId::from_uuid(uuid::Uuid::from_u128(7));
        let other = TenantId::from_uuid(uuid::Uuid::from_u128(8));
        let origins = ["http://127.0.0.1:8701".to_owned(), "http://idp:8701".to_owned()];
        for (claimed, expected) in [
            (format!("http://127.0.0.1:8701/{tenant}/"), true),
            (format!("http://idp:8701/{tenant}/v2.0"), true),
            (format!("http://idp:8701/{tenant}"), false),
            (format!("http://idp:8701/{tenant}/v2.0/"), false),
            (format!("http://evil:8701/{tenant}/v2.0"), false),
            (format!("http://idp:8701/{other}/v2.0"), false),
            (String::new(), false),
        ] {
            assert_eq!(is_accepted(&claimed, &origins, tenant), expected, "{claimed}");
        }
    }
}
