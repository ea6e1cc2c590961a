//! The Graph representation of an application.

use outlive_rules::platform;

use super::required;
use crate::directory::spec::{OptionalClaimSpec, RedirectUriType};
use crate::directory::{Application, KeyCredential, PasswordCredential};
use crate::graph::prelude::*;

entity_type! {
    /// "application resource type".
    APPLICATION = "microsoft.graph.application" in "applications",
    fn registration(application: &Application, secrets: &[PasswordCredential], required: &[Value]) {
        "id" [Filterable] => application.document.object_id,
        "api" => json!({
            "requestedAccessTokenVersion": application.document.token_version,
            "oauth2PermissionScopes": scopes(application),
            "preAuthorizedApplications": preauthorized(application),
        }),
        "appId" [Filterable] => application.client_id,
        "appRoles" => app_roles(application),
        "displayName" [Filterable] => application.name,
        "groupMembershipClaims" => Some(application.document.group_claims).filter(|claims| !claims.is_none()),
        "identifierUris" => application.document.identifier_uris,
        "isFallbackPublicClient" => application.document.allow_public_client,
        "keyCredentials" =>
            application.document.key_credentials.iter().filter_map(key_credential).collect::<Vec<_>>(),
        "optionalClaims" => json!({
            "idToken": claims(&application.document.optional_claims.id_token),
            "accessToken": claims(&application.document.optional_claims.access_token),
            "saml2Token": [],
        }),
        "passwordCredentials" => secrets.iter().map(password_credential).collect::<Vec<_>>(),
        "publicClient" => json!({"redirectUris": redirect_uris(application, RedirectUriType::PublicClient)}),
        "requiredResourceAccess" => required,
        "signInAudience" => "AzureADMyOrg",
        "spa" => json!({"redirectUris": redirect_uris(application, RedirectUriType::Spa)}),
        "web" => json!({
            "redirectUris": redirect_uris(application, RedirectUriType::Web),
            "logoutUrl": application.document.logout_url,
            "implicitGrantSettings": {
                "enableIdTokenIssuance": application.document.implicit.id_tokens,
                "enableAccessTokenIssuance": application.document.implicit.access_tokens,
            },
        }),
    }
}

pub(super) async fn resource(caller: &Caller, application: &Application) -> Result<Value> {
    let secrets = caller.idp.directory.password_credentials(caller.tenant.id, application.client_id).await?;
    let required = required::required_resource_access(caller, application).await?;
    Ok(registration(application, &secrets, &required))
}

fn redirect_uris(application: &Application, kind: RedirectUriType) -> Vec<&str> {
    let uris = application.document.redirect_uris.iter().filter(|uri| uri.r#type == kind);
    uris.map(|uri| uri.uri.as_str()).collect()
}

/// Returns the clients that it has pre-authorized.
fn preauthorized(application: &Application) -> Vec<Value> {
    let document = &application.document;
    let clients = document.preauthorized.iter().map(|preauthorized| {
        let scopes = document.scopes.iter().filter(|scope| preauthorized.scopes.contains(&scope.value));
        let ids: Vec<_> = scopes.map(|scope| scope.id).collect();
        json!({"appId": preauthorized.client, "delegatedPermissionIds": ids})
    });
    clients.collect()
}

/// Returns the delegated permissions that it offers.
pub(in crate::graph) fn scopes(application: &Application) -> Vec<Value> {
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
pub(in crate::graph) fn app_roles(application: &Application) -> Vec<Value> {
    let roles = application.document.app_roles.iter().map(|role| {
        json!({
            "id": role.id, "value": role.value, "displayName": role.value, "description": role.value,
            "allowedMemberTypes": ["User", "Application"], "isEnabled": true,
        })
    });
    roles.collect()
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
pub(super) fn password_credential(credential: &PasswordCredential) -> Value {
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
