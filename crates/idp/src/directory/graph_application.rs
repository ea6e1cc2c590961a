//! Microsoft Graph's service principal, which every tenant has by itself.

use outlive_clock::{ClientId, ServicePrincipalId};
use uuid::Uuid;

use super::{Application, ApplicationDocument};
use crate::spec::{AppRoleSpec, ApplicationKind, OptionalClaimSpec, OptionalClaimsSpec, ScopeSpec};

/// The client id of Microsoft Graph, the same in every tenant.
pub(crate) const GRAPH: ClientId =
    ClientId::from_uuid(Uuid::from_u128(0x0000_0003_0000_0000_c000_0000_0000_0000));

/// The identifier URI of Microsoft Graph; also the resource that a bare scope name means ("Scopes and permissions").
pub(crate) const GRAPH_URI: &str = "https://graph.microsoft.com";

/// The scopes of OpenID Connect. They are Graph's permissions when consent is recorded, but name no resource.
pub(crate) const OIDC_SCOPES: [&str; 4] = ["openid", "profile", "email", "offline_access"];

const SCOPES: &[(&str, &str)] = &[
    ("openid", "Sign you in"),
    ("profile", "See your name and user name"),
    ("email", "See your e-mail address"),
    ("offline_access", "Keep access to what you have given it access to, while you are not there"),
    ("User.Read", "Sign you in and read your profile"),
    ("User.ReadWrite", "Read and change your profile"),
    ("User.ReadWrite.All", "Read and change all users' profiles"),
    ("User.RevokeSessions.All", "End users' sign-in sessions"),
    ("User-PasswordProfile.ReadWrite.All", "Change and reset passwords"),
    ("Directory.AccessAsUser.All", "Use the directory as you"),
    ("Directory.ReadWrite.All", "Read and change the directory"),
    ("User.Read.All", "Read all users' full profiles"),
    ("User.ReadBasic.All", "Read all users' names"),
    ("User.DeleteRestore.All", "Delete and restore users"),
    ("User.EnableDisableAccount.All", "Enable and disable user accounts"),
    ("UserAuthenticationMethod.ReadWrite.All", "Read and change all users' authentication methods"),
    ("Directory.Read.All", "Read the directory"),
    ("Application.Read.All", "Read applications"),
    ("Application.ReadWrite.All", "Read and change applications"),
    ("AppRoleAssignment.ReadWrite.All", "Manage who holds which app role"),
    ("DelegatedPermissionGrant.Read.All", "Read all delegated permission grants"),
    ("DelegatedPermissionGrant.ReadWrite.All", "Manage all delegated permission grants"),
    ("AuditLog.Read.All", "Read audit and sign-in logs"),
    ("Policy.Read.All", "Read the organisation's policies"),
    ("Policy.ReadWrite.ConditionalAccess", "Read and change Conditional Access policies"),
    ("Policy.ReadWrite.ApplicationConfiguration", "Read and change policies of applications"),
];

const ROLES: &[&str] = &[
    "User.Read.All",
    "User.ReadWrite.All",
    "User.RevokeSessions.All",
    "Directory.ReadWrite.All",
    "User.DeleteRestore.All",
    "User.EnableDisableAccount.All",
    "User-PasswordProfile.ReadWrite.All",
    "Directory.Read.All",
    "Application.Read.All",
    "Application.ReadWrite.All",
    "Application.ReadWrite.OwnedBy",
    "AppRoleAssignment.ReadWrite.All",
    "DelegatedPermissionGrant.Read.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "AuditLog.Read.All",
    "Policy.Read.All",
    "Policy.ReadWrite.ConditionalAccess",
    "Policy.ReadWrite.ApplicationConfiguration",
];

/// Graph as an application of a tenant.
pub(crate) fn graph_application(service_principal_id: ServicePrincipalId) -> Application {
    let id = |kind: u128, index: usize| Uuid::from_u128((kind << 64) | (index as u128 + 1));
    Application {
        client_id: GRAPH,
        service_principal_id,
        name: "Microsoft Graph".to_owned(),
        enabled: true,
        revision: 1,
        document: ApplicationDocument {
            identifier_uris: vec![GRAPH_URI.to_owned(), format!("{GRAPH_URI}/")],
            scopes: SCOPES
                .iter()
                .enumerate()
                .map(|(index, (value, description))| ScopeSpec {
                    id: id(1, index),
                    value: (*value).to_owned(),
                    description: (*description).to_owned(),
                })
                .collect(),
            app_roles: ROLES
                .iter()
                .enumerate()
                .map(|(index, value)| AppRoleSpec { id: id(2, index), value: (*value).to_owned() })
                .collect(),
            continuous_access_evaluation: true,
            optional_claims: OptionalClaimsSpec {
                access_token: vec![OptionalClaimSpec::named("xms_cc")],
                ..OptionalClaimsSpec::default()
            },
            ..ApplicationDocument::empty(GRAPH.uuid(), ApplicationKind::Resource)
        },
    }
}
