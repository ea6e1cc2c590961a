//! The request bodies for creating and updating applications.

use super::certificates::{self, NewKeyCredential};
use super::preauthorized::{self, NewPreauthorized};
use super::required::{self, RequiredAccess};
use crate::directory::limits::{
    IDENTIFIER_URIS_MAX, OPTIONAL_CLAIMS_MAX, PERMISSIONS_MAX, is_identifier_uri, is_name,
    is_permission_name, platform_name,
};
use crate::directory::spec::{
    AppRoleSpec, GroupClaims, OptionalClaimsSpec, RedirectUriSpec, RedirectUriType, ScopeSpec,
};
use crate::directory::{Application, PlainHttp, first_unregistrable};
use crate::graph::prelude::*;
use crate::sign_in::authorize::is_logout_url;

/// The properties of a new or updated application. Absent ones are unchanged; null sets the default
/// where there is one.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct ApplicationChange {
    pub(super) display_name: Given<String>,
    sign_in_audience: Given<String>,
    identifier_uris: Given<Vec<String>>,
    is_fallback_public_client: Given<Option<bool>>,
    group_membership_claims: Given<Option<GroupClaims>>,
    optional_claims: Given<Option<OptionalClaimsSpec>>,
    app_roles: Given<Vec<NewPermission>>,
    api: Option<Api>,
    web: Option<Platform>,
    spa: Option<Platform>,
    public_client: Option<Platform>,
    required_resource_access: Given<Vec<RequiredAccess>>,
    key_credentials: Given<Vec<NewKeyCredential>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Api {
    requested_access_token_version: Given<Option<u8>>,
    oauth2_permission_scopes: Given<Vec<NewPermission>>,
    pre_authorized_applications: Given<Vec<NewPreauthorized>>,
}

/// A platform's redirect URIs. Graph's other properties here, such as a home page, do not affect
/// tokens.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Platform {
    redirect_uris: Given<Vec<String>>,
    /// `web` only. Null removes it.
    logout_url: Given<Option<String>>,
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
    GraphError::invalid("Application", name)
}

impl ApplicationChange {
    pub(super) async fn apply(mut self, caller: &Caller, before: &Application) -> Result<Application> {
        let required = self.required_resource_access.0.take();
        let certificates = self.key_credentials.0.take();
        let mut after = self.apply_values(before)?;
        check_identifier_uris(caller, before, &after).await?;
        if let Some(certificates) = certificates {
            after.document_mut().key_credentials =
                certificates::read(caller, certificates, &before.document.key_credentials)?;
            certificates::check(&after.document.key_credentials)?;
        }
        if let Some(required) = required {
            after.document_mut().required = required::read(caller, required).await?;
        }
        Ok(after)
    }

    /// Applies what can be checked without the directory.
    fn apply_values(self, before: &Application) -> Result<Application> {
        let mut after = before.clone();
        if let Some(name) = self.display_name.0 {
            if !is_name(&name) || platform_name(&name, &after.client_id.to_string()).is_some() {
                return Err(invalid("displayName"));
            }
            after.name = name;
        }
        if self.sign_in_audience.0.is_some_and(|audience| audience != "AzureADMyOrg") {
            return Err(GraphError::bad_request(
                "Only applications of one tenant (AzureADMyOrg) can be registered here.",
            ));
        }
        let own = after.client_id.to_string();
        let document = after.document_mut();
        if let Some(public) = *self.is_fallback_public_client {
            document.allow_public_client = public.unwrap_or_default();
        }
        if let Some(claims) = *self.group_membership_claims {
            document.group_claims = claims.unwrap_or_default();
        }
        if let Some(claims) = self.optional_claims.0 {
            let claims = claims.unwrap_or_default();
            if claims.id_token.len() > OPTIONAL_CLAIMS_MAX || claims.access_token.len() > OPTIONAL_CLAIMS_MAX
            {
                return Err(invalid("optionalClaims"));
            }
            document.optional_claims = claims;
        }
        if let Some(uris) = self.identifier_uris.0 {
            if uris.len() > IDENTIFIER_URIS_MAX || uris.iter().any(|uri| !is_identifier_uri(uri, &own)) {
                return Err(invalid("identifierUris"));
            }
            document.identifier_uris = uris;
        }
        if let Some(roles) = self.app_roles.0 {
            let roles = permissions("appRoles", roles)?;
            document.app_roles =
                roles.into_iter().map(|role| AppRoleSpec { id: role.id, value: role.value }).collect();
        }
        if let Some(api) = self.api {
            match *api.requested_access_token_version {
                None => {}
                Some(None) => document.token_version = 1,
                Some(Some(version @ (1 | 2))) => document.token_version = version,
                Some(Some(_)) => return Err(invalid("api/requestedAccessTokenVersion")),
            }
            if let Some(scopes) = api.oauth2_permission_scopes.0 {
                let scopes = permissions("api/oauth2PermissionScopes", scopes)?;
                document.scopes = scopes
                    .into_iter()
                    .map(|scope| ScopeSpec {
                        id: scope.id,
                        value: scope.value,
                        description: scope.admin_consent_description.unwrap_or_default(),
                    })
                    .collect();
                preauthorized::keep_offered(document);
            }
            if let Some(clients) = api.pre_authorized_applications.0 {
                document.preauthorized = preauthorized::read(clients, &document.scopes)?;
            }
        }
        if let Some(url) = self.web.as_ref().and_then(|web| web.logout_url.0.clone()) {
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
            let Some(uris) = platform.and_then(|platform| platform.redirect_uris.0) else { continue };
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

fn permissions(name: &str, permissions: Vec<NewPermission>) -> Result<Vec<NewPermission>> {
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

/// Rejects new identifier URIs by which another application is found already: the case of letters
/// and a slash at the end make no difference.
async fn check_identifier_uris(caller: &Caller, before: &Application, after: &Application) -> Result<()> {
    for uri in &after.document.identifier_uris {
        if before.document.identifier_uris.contains(uri) {
            continue;
        }
        let owner = caller.idp.directory.resource(caller.tenant.id, uri).await?;
        if owner.is_some_and(|owner| owner.client_id != after.client_id) {
            return Err(GraphError::taken("identifierUris"));
        }
    }
    Ok(())
}
