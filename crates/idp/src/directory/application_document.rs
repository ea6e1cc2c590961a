//! The registration of an application: the part of its row that is one JSON document.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::key_credential::{FederatedCredential, KeyCredential};
use super::spec::{
    AppRoleSpec, ApplicationKind, GroupClaims, ImplicitGrants, OptionalClaimsSpec, PreauthorizedSpec,
    RedirectUriSpec, RequiredSpec, ScopeSpec,
};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ApplicationDocument {
    /// Whether it is a platform application. Its row holds only what an administrator can change.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) platform: bool,
    pub(crate) object_id: Uuid,
    pub(crate) kind: ApplicationKind,
    pub(crate) redirect_uris: Vec<RedirectUriSpec>,
    pub(crate) identifier_uris: Vec<String>,
    pub(crate) scopes: Vec<ScopeSpec>,
    /// Clients that have some of its scopes without consent (`preAuthorizedApplications`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) preauthorized: Vec<PreauthorizedSpec>,
    pub(crate) app_roles: Vec<AppRoleSpec>,
    pub(crate) token_version: u8,
    pub(crate) required: Vec<RequiredSpec>,
    /// Whether device codes and user passwords can be redeemed without a client credential.
    #[serde(default)]
    pub(crate) allow_public_client: bool,
    /// Certificates for client assertions.
    #[serde(default)]
    pub(crate) key_credentials: Vec<KeyCredential>,
    /// Issuers whose tokens are accepted as client assertions.
    #[serde(default)]
    pub(crate) federated_credentials: Vec<FederatedCredential>,
    #[serde(default, skip_serializing_if = "OptionalClaimsSpec::is_empty")]
    pub(crate) optional_claims: OptionalClaimsSpec,
    /// Memberships to include in tokens (`groupMembershipClaims`).
    #[serde(default, skip_serializing_if = "GroupClaims::is_none")]
    pub(crate) group_claims: GroupClaims,
    /// Whether it is CAE-enabled.
    #[serde(default)]
    pub(crate) continuous_access_evaluation: bool,
    /// Whether its users need MFA.
    #[serde(default)]
    pub(crate) require_mfa: bool,
    /// Whether users need an assignment to sign in (`appRoleAssignmentRequired`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) assignment_required: bool,
    /// Tokens that the authorization endpoint may issue to it.
    #[serde(default)]
    pub(crate) implicit: ImplicitGrants,
    /// The URL that a signed-in user's browser loads at sign-out (`web.logoutUrl`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) logout_url: Option<String>,
}

impl ApplicationDocument {
    pub(crate) fn empty(object_id: Uuid, kind: ApplicationKind) -> Self {
        Self {
            platform: false,
            object_id,
            kind,
            redirect_uris: Vec::new(),
            identifier_uris: Vec::new(),
            scopes: Vec::new(),
            preauthorized: Vec::new(),
            app_roles: Vec::new(),
            token_version: 1,
            required: Vec::new(),
            allow_public_client: false,
            key_credentials: Vec::new(),
            federated_credentials: Vec::new(),
            optional_claims: OptionalClaimsSpec::default(),
            group_claims: GroupClaims::default(),
            continuous_access_evaluation: false,
            require_mfa: false,
            assignment_required: false,
            implicit: ImplicitGrants::default(),
            logout_url: None,
        }
    }
}
