//! The request bodies for creating and updating applications.

use serde::Deserialize;
use uuid::Uuid;

use super::certificates::NewKeyCredential;
use super::required::RequiredAccess;
use crate::directory::limits::{
    IDENTIFIER_URIS_MAX, OPTIONAL_CLAIMS_MAX, PERMISSIONS_MAX, is_identifier_uri, is_name, is_permission_name,
};
use crate::directory::spec::{
    AppRoleSpec, GroupClaims, OptionalClaimsSpec, RedirectUriSpec, RedirectUriType, ScopeSpec,
};
use crate::directory::{Application, PlainHttp, first_unregistrable};
use crate::graph::body::{not_null, nullable};
use crate::graph::error::GraphError;
use crate::sign_in::authorize::is_logout_url;

/// The properties of a new or updated application. Absent ones are unchanged; null sets the default
/// where there is one.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct ApplicationChange {
    #[serde(deserialize_with = "not_null")]
    pub(super) display_name: Option<String>,
    #[serde(deserialize_with = "not_null")]
    sign_in_audience: Option<String>,
    #[serde(deserialize_with = "not_null")]
    identifier_uris: Option<Vec<String>>,
    #[serde(deserialize_with = "nullable")]
    is_fallback_public_client: Option<Option<bool>>,
    #[serde(deserialize_with = "nullable")]
    group_membership_claims: Option<Option<GroupClaims>>,
    #[serde(deserialize_with = "nullable")]
    optional_claims: Option<Option<OptionalClaimsSpec>>,
    #[serde(deserialize_with = "not_null")]
    app_roles: Option<Vec<NewPermission>>,
    api: Option<Api>,
    web: Option<Platform>,
    spa: Option<Platform>,
    public_client: Option<Platform>,
    #[serde(deserialize_with = "not_null")]
    pub(super) required_resource_access: Option<Vec<RequiredAccess>>,
    #[serde(deserialize_with = "not_null")]
    pub(super) key_credentials: Option<Vec<NewKeyCredential>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Api {
    #[serde(deserialize_with = "nullable")]
    requested_access_token_version: Option<Option<u8>>,
    #[serde(deserialize_with = "not_null")]
    oauth2_permission_scopes: Option<Vec<NewPermission>>,
}

/// A platform's redirect URIs. Graph's other properties here, such as a home page, do not affect
/// tokens.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Platform {
    #[serde(deserialize_with = "not_null")]
    redirect_uris: Option<Vec<String>>,
    /// `web` only. Null removes it.
    #[serde(deserialize_with = "nullable")]
    logout_url: Option<Option<String>>,
    /// `web` only.
    implicit_grant_settings: Option<ImplicitGrantSettings>,
}

/// Which tokens the authorization endpoint may issue. Absent properties are unchanged.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct ImplicitGrantSettings {
    enable_id_token_issuance: Option<bool>,
    enable_access_token_issuance: Option<bool>,
}

/// A scope or an app role. Only one of its descriptions is stored.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewPermission {
    id: Uuid,
    value: String,
    #[serde(default)]
    admin_consent_description: Option<String>,
}

fn invalid(name: &str) -> GraphError {
    GraphError::bad_request(format!(
        "Invalid value specified for property '{name}' of resource 'Application'."
    ))
}

impl ApplicationChange {
    /// Applies the change.
    pub(super) fn apply(self, before: &Application) -> Result<Application, GraphError> {
        let mut after = before.clone();
        if let Some(name) = self.display_name {
            if !is_name(&name) {
                return Err(invalid("displayName"));
            }
            after.name = name;
        }
        if self.sign_in_audience.is_some_and(|audience| audience != "AzureADMyOrg") {
            return Err(GraphError::bad_request(
                "Only applications of one tenant (AzureADMyOrg) can be registered here.",
            ));
        }
        let own = after.client_id.to_string();
        let document = after.document_mut();
        if let Some(public) = self.is_fallback_public_client {
            document.allow_public_client = public.unwrap_or_default();
        }
        if let Some(claims) = self.group_membership_claims {
            document.group_claims = claims.unwrap_or_default();
        }
        if let Some(claims) = self.optional_claims {
            let claims = claims.unwrap_or_default();
            if claims.id_token.len() > OPTIONAL_CLAIMS_MAX || claims.access_token.len() > OPTIONAL_CLAIMS_MAX
            {
                return Err(invalid("optionalClaims"));
            }
            document.optional_claims = claims;
        }
        if let Some(uris) = self.identifier_uris {
            if uris.len() > IDENTIFIER_URIS_MAX || uris.iter().any(|uri| !is_identifier_uri(uri, &own)) {
                return Err(invalid("identifierUris"));
            }
            document.identifier_uris = uris;
        }
        if let Some(roles) = self.app_roles {
            let roles = permissions("appRoles", roles)?;
            document.app_roles =
                roles.into_iter().map(|role| AppRoleSpec { id: role.id, value: role.value }).collect();
        }
        if let Some(api) = self.api {
            match api.requested_access_token_version {
                None => {}
                Some(None) => document.token_version = 1,
                Some(Some(version @ (1 | 2))) => document.token_version = version,
                Some(Some(_)) => return Err(invalid("api/requestedAccessTokenVersion")),
            }
            if let Some(scopes) = api.oauth2_permission_scopes {
                let scopes = permissions("api/oauth2PermissionScopes", scopes)?;
                document.scopes = scopes
                    .into_iter()
                    .map(|scope| ScopeSpec {
                        id: scope.id,
                        value: scope.value,
                        description: scope.admin_consent_description.unwrap_or_default(),
                    })
                    .collect();
            }
        }
        if let Some(url) = self.web.as_ref().and_then(|web| web.logout_url.clone()) {
            if url.as_deref().is_some_and(|url| !is_logout_url(url)) {
                return Err(invalid("web/logoutUrl"));
            }
            document.logout_url = url;
        }
        if let Some(settings) = self.web.as_ref().and_then(|web| web.implicit_grant_settings) {
            let implicit = &mut document.implicit;
            implicit.id_tokens = settings.enable_id_token_issuance.unwrap_or(implicit.id_tokens);
            implicit.access_tokens = settings.enable_access_token_issuance.unwrap_or(implicit.access_tokens);
        }
        let mut redirects = false;
        for (kind, platform) in [
            (RedirectUriType::Web, self.web),
            (RedirectUriType::Spa, self.spa),
            (RedirectUriType::PublicClient, self.public_client),
        ] {
            let Some(uris) = platform.and_then(|platform| platform.redirect_uris) else { continue };
            redirects = true;
            document.redirect_uris.retain(|known| known.r#type != kind);
            document.redirect_uris.extend(uris.into_iter().map(|uri| RedirectUriSpec { uri, r#type: kind }));
        }
        // The redirect URIs are only checked if this change touches them: a registration from
        // before the rule stays valid until then.
        if redirects && first_unregistrable(&document.redirect_uris, PlainHttp::Loopback).is_some() {
            return Err(invalid("redirectUris"));
        }
        Ok(after)
    }
}

fn permissions(name: &str, permissions: Vec<NewPermission>) -> Result<Vec<NewPermission>, GraphError> {
    let unique = |index: usize, permission: &NewPermission| {
        permissions[..index].iter().all(|other| other.id != permission.id && other.value != permission.value)
    };
    let sound = permissions.len() <= PERMISSIONS_MAX
        && permissions
            .iter()
            .enumerate()
            .all(|(index, permission)| is_permission_name(&permission.value) && unique(index, permission));
    if sound { Ok(permissions) } else { Err(invalid(name)) }
}
