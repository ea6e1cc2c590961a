//! The public documents on which decisions are based.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::Edition;

/// A section of a public document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The document's title.
    pub document: Cow<'static, str>,
    /// The section.
    pub section: Cow<'static, str>,
    /// The edition of the revocation table, if the table decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edition: Option<Edition>,
}

impl Source {
    const fn at(document: &'static str, section: &'static str) -> Self {
        Self { document: Cow::Borrowed(document), section: Cow::Borrowed(section), edition: None }
    }

    pub(crate) const ERROR_CODES: Self =
        Self::at("Microsoft Entra authentication and authorization error codes", "AADSTS error codes");
    pub(crate) const REVOKE_ACCESS: Self =
        Self::at("Revoke user access in Microsoft Entra ID", "Access tokens and refresh tokens");
    pub(crate) const REFRESH_TOKEN_LIFETIME: Self =
        Self::at("Refresh tokens in the Microsoft identity platform", "Token lifetime");
    pub(crate) const ACCESS_TOKEN_LIFETIME: Self =
        Self::at("Access tokens in the Microsoft identity platform", "Token lifetime");
    pub(crate) const CODE_FLOW: Self =
        Self::at("OAuth 2.0 authorization code flow", "Redeem a code for an access token");
    pub(crate) const PASSWORD_GRANT: Self =
        Self::at("Microsoft identity platform and OAuth 2.0 Resource Owner Password Credentials", "Protocol");
    pub(crate) const DEVICE_FLOW: Self = Self::at(
        "Microsoft identity platform and the OAuth 2.0 device authorization grant flow",
        "Authenticating the user",
    );
    pub(crate) const ON_BEHALF_OF: Self =
        Self::at("Microsoft identity platform and OAuth 2.0 On-Behalf-Of flow", "Protocol");
    pub(crate) const SESSION_LIFETIME: Self = Self::at(
        "Configurable token lifetimes in the Microsoft identity platform",
        "Single sign-on sessions",
    );

    pub(crate) const CONDITIONAL_ACCESS: Self =
        Self::at("Building a Conditional Access policy", "Access controls");
    pub(crate) const SIGN_IN_FREQUENCY: Self =
        Self::at("Conditional Access adaptive session lifetime policies", "User sign-in frequency");
    pub(crate) const CONTINUOUS_ACCESS_EVALUATION: Self =
        Self::at("Continuous access evaluation", "Critical event evaluation");
    pub(crate) const STRICT_ROTATION: Self =
        Self::at("Best Current Practice for OAuth 2.0 Security (RFC 9700)", "Refresh Token Protection");

    pub(crate) fn table(edition: Edition) -> Self {
        Self { edition: Some(edition), ..Self::at(edition.document(), edition.section()) }
    }
}
