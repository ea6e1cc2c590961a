//! The Graph representation of an application.

use outlive_rules::platform;
use serde_json::{Value, json};

use super::required;
use crate::directory::spec::{GroupClaims, OptionalClaimSpec, RedirectUriType};
use crate::directory::{Application, KeyCredential, PasswordCredential};
use crate::graph::caller::Caller;
use crate::graph::error::GraphError;
use crate::graph::odata::EntityType;

pub(crate) const APPLICATION: EntityType = EntityType {
    name: "microsoft.graph.application",
    set: "applications",
    properties: &[
        "id",
        "api",
        "appId",
        "appRoles",
        "displayName",
        "groupMembershipClaims",
        "identifierUris",
        "isFallbackPublicClient",
        "keyCredentials",
        "optionalClaims",
        "passwordCredentials",
        "publicClient",
        "requiredResourceAccess",
        "signInAudience",
        "spa",
        "web",
    ],
    shown: &[],
    filterable: &["id", "appId", "displayName"],
    order: None,
};

/// Returns an application with all properties.
pub(super) async fn resource(caller: &Caller, application: &Application) -> Result<Value, GraphError> {
    let secrets = caller.idp.directory.password_credentials(caller.tenant.id, application.client_id).await?;
    let mut object = registration(application, &secrets);
    object["requiredResourceAccess"] = required::required_resource_access(caller, application).await?;
    Ok(object)
}

fn registration(application: &Application, secrets: &[PasswordCredential]) -> Value {
    let document = &application.document;
    let uris = |kind: RedirectUriType| -> Vec<&str> {
        document.redirect_uris.iter().filter(|uri| uri.r#type == kind).map(|uri| uri.uri.as_str()).collect()
    };
    json!({
        "id": document.object_id,
        "api": {
            "requestedAccessTokenVersion": document.token_version,
            "oauth2PermissionScopes": scopes(application),
        },
        "appId": application.client_id,
        "appRoles": app_roles(application),
        "displayName": application.name,
        "groupMembershipClaims": group_claims(document.group_claims),
        "identifierUris": document.identifier_uris,
        "isFallbackPublicClient": document.allow_public_client,
        "keyCredentials": document.key_credentials.iter().filter_map(key_credential).collect::<Vec<_>>(),
        "optionalClaims": {
            "idToken": claims(&document.optional_claims.id_token),
            "accessToken": claims(&document.optional_claims.access_token),
            "saml2Token": [],
        },
        "passwordCredentials": secrets.iter().map(password_credential).collect::<Vec<_>>(),
        "publicClient": {"redirectUris": uris(RedirectUriType::PublicClient)},
        "signInAudience": "AzureADMyOrg",
        "spa": {"redirectUris": uris(RedirectUriType::Spa)},
        "web": {
            "redirectUris": uris(RedirectUriType::Web),
            "logoutUrl": document.logout_url,
            "implicitGrantSettings": {
                "enableIdTokenIssuance": document.implicit.id_tokens,
                "enableAccessTokenIssuance": document.implicit.access_tokens,
            },
        },
    })
}

/// Returns the delegated permissions that it offers.
pub(crate) fn scopes(application: &Application) -> Vec<Value> {
    let known = platform::application(&application.client_id.to_string());
    let needs_admin = |name: &str| known.and_then(|api| api.delegated(name)).is_some_and(|known| known.admin);
    let scopes = application.document.scopes.iter().map(|scope| {
        let consent = if needs_admin(&scope.value) { "Admin" } else { "User" };
        json!({
            "id": scope.id, "value": scope.value, "type": consent, "isEnabled": true,
            "adminConsentDisplayName": scope.value, "adminConsentDescription": scope.description,
            "userConsentDisplayName": scope.value, "userConsentDescription": scope.description,
        })
    });
    scopes.collect()
}

/// Returns the app roles that it offers.
pub(crate) fn app_roles(application: &Application) -> Vec<Value> {
    let roles = application.document.app_roles.iter().map(|role| {
        json!({
            "id": role.id, "value": role.value, "displayName": role.value, "description": role.value,
            "allowedMemberTypes": ["User", "Application"], "isEnabled": true,
        })
    });
    roles.collect()
}

const fn group_claims(claims: GroupClaims) -> Option<&'static str> {
    match claims {
        GroupClaims::None => None,
        GroupClaims::SecurityGroup => Some("SecurityGroup"),
        GroupClaims::ApplicationGroup => Some("ApplicationGroup"),
        GroupClaims::DirectoryRole => Some("DirectoryRole"),
        GroupClaims::All => Some("All"),
    }
}

fn claims(asked: &[OptionalClaimSpec]) -> Vec<Value> {
    let claims = asked.iter().map(|claim| {
        json!({
            "name": claim.name, "source": null, "essential": claim.essential,
            "additionalProperties": claim.additional_properties,
        })
    });
    claims.collect()
}

/// Returns a certificate's metadata; the certificate itself is not included, as with `$select` in
/// Graph.
pub(super) fn key_credential(credential: &KeyCredential) -> Option<Value> {
    let certificate = credential.certificate()?;
    let (from, to) = certificate.term();
    Some(json!({
        "customKeyIdentifier": certificate.thumbprint(),
        "displayName": certificate.subject(),
        "endDateTime": to,
        "key": null,
        "keyId": credential.key_id,
        "startDateTime": from,
        "type": "AsymmetricX509Cert",
        "usage": "Verify",
    }))
}

/// Returns a secret's metadata, never the secret.
pub(crate) fn password_credential(credential: &PasswordCredential) -> Value {
    json!({
        "customKeyIdentifier": null,
        "displayName": credential.display_name,
        "endDateTime": credential.expires_at,
        "hint": credential.hint,
        "keyId": credential.key_id,
        "secretText": null,
        "startDateTime": credential.starts_at,
    })
}
