//! Microsoft Graph (`/v1.0`): the directory and what happened in it (reference: "Microsoft Graph operations").

mod app_role_assignments;
mod applications;
mod audit_logs;
mod authentication_methods;
mod body;
mod caller;
mod compound_id;
mod directory_roles;
mod error;
mod evaluation;
mod fido2_methods;
mod groups;
mod member;
mod odata;
mod passwords;
mod permission_grants;
mod permissions;
mod policies;
mod reference;
mod service_principals;
mod sessions;
mod user_info;
mod users;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{delete, get, post};

use http::HeaderMap;
use outlive_chassis::Trace;

use self::caller::instant_of_call;
use self::error::GraphError;
use crate::idp::Idp;

pub(crate) use self::user_info::user_info;

pub(crate) fn router() -> Router<Idp> {
    Router::new()
        .merge(users())
        .merge(memberships())
        .merge(authentication())
        .merge(group_routes())
        .merge(role_routes())
        .merge(deleted_items())
        .merge(application_routes())
        .merge(service_principal_routes())
        .merge(grants_and_logs())
        .merge(policies::router())
        .method_not_allowed_fallback(wrong_method)
        .fallback(no_such_path)
}

/// `/beta`: what is nowhere else.
pub(crate) fn beta() -> Router<Idp> {
    Router::new()
        .route("/me", get(users::me_in_beta))
        .route("/users/{id}", get(users::show_in_beta))
        .route("/me/invalidateAllRefreshTokens", post(sessions::invalidate))
        .route("/users/{id}/invalidateAllRefreshTokens", post(sessions::invalidate))
        .method_not_allowed_fallback(wrong_method)
        .fallback(no_such_path)
}

async fn wrong_method(State(idp): State<Idp>, trace: Trace, headers: HeaderMap) -> Response {
    GraphError::wrong_method().answer(&trace, instant_of_call(&idp, &headers).await)
}

async fn no_such_path(State(idp): State<Idp>, trace: Trace, headers: HeaderMap) -> Response {
    GraphError::no_such_path().answer(&trace, instant_of_call(&idp, &headers).await)
}

fn users() -> Router<Idp> {
    Router::new()
        .route("/me", get(users::me))
        .route("/me/changePassword", post(passwords::change))
        .route("/me/revokeSignInSessions", post(sessions::revoke_own))
        .route("/me/getMemberObjects", post(users::my_member_objects))
        .route("/me/getMemberGroups", post(users::my_member_objects))
        .route("/users", get(users::list).post(users::create))
        .route("/users/$count", get(users::count_users))
        .route("/users/{id}", get(users::show).patch(users::update).delete(users::remove))
        .route("/users/{id}/changePassword", post(passwords::change_of_another))
        .route("/users/{id}/revokeSignInSessions", post(sessions::revoke))
        .route("/users/{id}/getMemberObjects", post(users::member_objects))
        .route("/users/{id}/getMemberGroups", post(users::member_objects))
        .route("/users/{id}/oauth2PermissionGrants", get(permission_grants::list_of_user))
        .route(
            "/users/{id}/appRoleAssignments",
            get(app_role_assignments::list_held_by_user).post(app_role_assignments::create),
        )
        .route("/users/{id}/appRoleAssignments/{assignment}", delete(app_role_assignments::remove))
}

fn authentication() -> Router<Idp> {
    Router::new()
        .route("/users/{id}/authentication/methods/{method}/resetPassword", post(passwords::reset))
        .route("/users/{id}/authentication/fido2Methods", get(fido2_methods::list))
        .route(
            "/users/{id}/authentication/fido2Methods/{method}",
            get(fido2_methods::show).delete(fido2_methods::remove),
        )
        .route("/users/{id}/authentication/operations/{operation}", get(passwords::operation))
        .route("/users/{id}/authentication/{kind}", get(authentication_methods::list))
        .route("/users/{id}/authentication/{kind}/{method}", get(authentication_methods::show))
        .route("/me/authentication/{kind}", get(authentication_methods::list_own))
        .route("/me/authentication/{kind}/{method}", get(authentication_methods::show_own))
}

fn memberships() -> Router<Idp> {
    let mut router = Router::new();
    for name in ["memberOf", "transitiveMemberOf"] {
        router = router
            .route(&format!("/me/{name}"), get(users::of_me))
            .route(&format!("/me/{name}/{{cast}}"), get(users::cast_of_me))
            .route(&format!("/users/{{id}}/{name}"), get(users::of_user))
            .route(&format!("/users/{{id}}/{name}/{{cast}}"), get(users::cast_of_user));
    }
    router
}

fn group_routes() -> Router<Idp> {
    let mut router = Router::new()
        .route("/groups", get(groups::list).post(groups::create))
        .route("/groups/$count", get(groups::count_groups))
        .route("/groups/{id}", get(groups::show).patch(groups::update).delete(groups::remove))
        .route("/groups/{id}/members/$ref", post(groups::add))
        .route("/groups/{id}/members/{member}/$ref", delete(groups::remove_member));
    for name in ["members", "transitiveMembers"] {
        router = router
            .route(&format!("/groups/{{id}}/{name}"), get(groups::list_members))
            .route(&format!("/groups/{{id}}/{name}/$count"), get(groups::count_members))
            .route(&format!("/groups/{{id}}/{name}/microsoft.graph.user"), get(groups::list_user_members));
    }
    router
}

fn role_routes() -> Router<Idp> {
    Router::new()
        .route("/directoryRoles", get(directory_roles::list).post(directory_roles::activate))
        .route("/directoryRoles/{id}", get(directory_roles::show))
        .route("/directoryRoles/{id}/members", get(directory_roles::list_members))
        .route("/directoryRoles/{id}/members/$count", get(directory_roles::count_members))
        .route("/directoryRoles/{id}/members/$ref", post(directory_roles::add))
        .route("/directoryRoles/{id}/members/{member}/$ref", delete(directory_roles::remove))
        .route("/directoryRoleTemplates", get(directory_roles::list_templates))
        .route("/directoryRoleTemplates/{id}", get(directory_roles::show_template))
}

fn deleted_items() -> Router<Idp> {
    Router::new()
        .route("/directory/deletedItems/microsoft.graph.user", get(users::list_deleted))
        .route("/directory/deletedItems/{id}", get(users::show_deleted).delete(users::purge))
        .route("/directory/deletedItems/{id}/restore", post(users::restore))
}

fn application_routes() -> Router<Idp> {
    Router::new()
        .route("/applications", get(applications::list).post(applications::create))
        .route("/applications/$count", get(applications::count_applications))
        .route(
            "/applications/{id}",
            get(applications::show).patch(applications::update).delete(applications::remove),
        )
        .route("/applications/{id}/addPassword", post(applications::add_password))
        .route("/applications/{id}/removePassword", post(applications::remove_password))
        .route("/applications/{id}/addKey", post(applications::add_key))
        .route("/applications/{id}/removeKey", post(applications::remove_key))
        .route(
            "/applications/{id}/federatedIdentityCredentials",
            get(applications::list_credentials).post(applications::create_credential),
        )
        .route(
            "/applications/{id}/federatedIdentityCredentials/{credential}",
            get(applications::show_credential)
                .patch(applications::update_credential)
                .delete(applications::remove_credential),
        )
        .route(
            "/{named}/federatedIdentityCredentials",
            get(applications::list_credentials).post(applications::create_credential),
        )
        .route(
            "/{named}/federatedIdentityCredentials/{credential}",
            get(applications::show_credential)
                .patch(applications::update_credential)
                .delete(applications::remove_credential),
        )
        // applications(appId='…'), servicePrincipals(appId='…'), directoryRoles(roleTemplateId='…')
        .route(
            "/{named}",
            get(applications::show_named)
                .patch(applications::update_named)
                .delete(applications::remove_named),
        )
        .route("/{named}/addPassword", post(applications::add_password_to_named))
        .route("/{named}/removePassword", post(applications::remove_password_of_named))
        .route("/{named}/addKey", post(applications::add_key_to_named))
        .route("/{named}/removeKey", post(applications::remove_key_of_named))
}

fn service_principal_routes() -> Router<Idp> {
    Router::new()
        .route("/servicePrincipals", get(service_principals::list).post(service_principals::create))
        .route("/servicePrincipals/$count", get(service_principals::count_service_principals))
        .route("/servicePrincipals/{id}", get(service_principals::show).patch(service_principals::update))
        .route("/servicePrincipals/{id}/oauth2PermissionGrants", get(permission_grants::list_of_client))
        .route(
            "/servicePrincipals/{id}/appRoleAssignments",
            get(app_role_assignments::list_held_by_client).post(app_role_assignments::create),
        )
        .route(
            "/servicePrincipals/{id}/appRoleAssignments/{assignment}",
            delete(app_role_assignments::remove),
        )
        .route(
            "/servicePrincipals/{id}/appRoleAssignedTo",
            get(app_role_assignments::list_given).post(app_role_assignments::create),
        )
        .route("/servicePrincipals/{id}/appRoleAssignedTo/{assignment}", delete(app_role_assignments::remove))
}

fn grants_and_logs() -> Router<Idp> {
    Router::new()
        .route("/oauth2PermissionGrants", get(permission_grants::list).post(permission_grants::create))
        .route(
            "/oauth2PermissionGrants/{id}",
            get(permission_grants::show).patch(permission_grants::update).delete(permission_grants::remove),
        )
        .route("/auditLogs/signIns", get(audit_logs::sign_ins))
        .route("/auditLogs/signIns/{id}", get(audit_logs::one_sign_in))
        .route("/auditLogs/directoryAudits", get(audit_logs::directory_audits))
        .route("/auditLogs/directoryAudits/{id}", get(audit_logs::one_directory_audit))
}
