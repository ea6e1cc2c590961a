//! Microsoft Graph (`/v1.0`): directory and audit logs (reference: "Microsoft Graph operations").

mod app_role_assignments;
mod applications;
mod audit_logs;
mod authentication_methods;
mod batch;
mod body;
mod caller;
mod compound_id;
mod directory_roles;
mod error;
mod evaluation;
mod fido2_methods;
mod groups;
mod mail_nickname;
mod member;
mod memberships;
mod odata;
mod passwords;
mod permission_grants;
mod permissions;
mod policies;
mod reference;
mod service_document;
mod service_principals;
mod sessions;
mod user_info;
mod users;

use axum::Router;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{MethodRouter, delete, get, post};

use http::HeaderMap;
use outlive_chassis::{Problem, Trace};

use self::caller::instant_of_call;
use self::error::GraphError;
use self::odata::CollectionRoutes;
use crate::idp::Idp;

pub(crate) use self::user_info::user_info;

/// All versions.
pub(crate) fn versions(idp: &Idp) -> Router<Idp> {
    Router::new()
        .nest("/v1.0", router())
        .nest("/beta", beta())
        // The Python SDK writes two slashes, which Graph accepts.
        .nest("/v1.0//", router())
        .route("/v1.0/", get(service_document::show).fallback(wrong_method))
        .route("/beta/", get(service_document::show).fallback(wrong_method))
        .layer(from_fn_with_state(idp.clone(), decodable_path))
}

fn router() -> Router<Idp> {
    Router::new()
        .route("/", get(service_document::show))
        .route("/$batch", post(batch::run))
        .merge(users())
        .merge(member_routes())
        .merge(authentication())
        .merge(group_routes())
        .merge(role_routes())
        .merge(deleted_items())
        .merge(application_routes())
        .merge(service_principal_routes())
        .merge(grants_and_logs())
        .merge(policies::router())
        .method_not_allowed_fallback(wrong_method)
        .fallback(unknown_path)
}

/// `/beta`: operations that v1.0 does not have.
fn beta() -> Router<Idp> {
    Router::new()
        .route("/", get(service_document::show))
        .route("/$batch", post(batch::run))
        .route("/me", get(users::me_in_beta))
        .route("/users/{id}", get(users::show_in_beta))
        .route("/me/invalidateAllRefreshTokens", post(sessions::invalidate))
        .route("/users/{id}/invalidateAllRefreshTokens", post(sessions::invalidate))
        .method_not_allowed_fallback(wrong_method)
        .fallback(unknown_path)
}

/// Handles an unsupported method. `/{named}` also matches unknown paths.
async fn wrong_method(
    State(idp): State<Idp>,
    trace: Trace,
    headers: HeaderMap,
    names: Result<RawPathParams, RawPathParamsRejection>,
) -> Response {
    let leads_nowhere = names.is_ok_and(|names| {
        names.iter().any(|(name, value)| name == "named" && !applications::has_alternate_key(value))
    });
    let error = if leads_nowhere { GraphError::unknown_path() } else { GraphError::wrong_method() };
    error.answer(&trace, instant_of_call(&idp, &headers).await)
}

/// Rejects a path whose percent escapes are not UTF-8.
async fn decodable_path(
    State(idp): State<Idp>,
    trace: Trace,
    names: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
    next: Next,
) -> Response {
    if let Err(RawPathParamsRejection::InvalidUtf8InPathParam(_)) = names {
        let error = GraphError::bad_request("The escapes in the path of the request are not UTF-8.");
        return error.answer(&trace, instant_of_call(&idp, request.headers()).await);
    }
    next.run(request).await
}

/// Renders an error of the HTTP layer, from before routing, as a Graph error.
pub(crate) async fn refuse(idp: &Idp, problem: Problem, headers: &HeaderMap, trace: &Trace) -> Response {
    let error = GraphError::new(problem.status, "Request_BadRequest", problem.message);
    error.answer(trace, instant_of_call(idp, headers).await)
}

async fn unknown_path(State(idp): State<Idp>, trace: Trace, headers: HeaderMap) -> Response {
    GraphError::unknown_path().answer(&trace, instant_of_call(&idp, &headers).await)
}

fn users() -> Router<Idp> {
    Router::new()
        .collection("/users", users::list, post(users::create))
        .route("/me", get(users::me))
        .route("/me/changePassword", post(passwords::change))
        .route("/me/revokeSignInSessions", post(sessions::revoke_own))
        .route("/users/{id}", get(users::show).patch(users::update).delete(users::remove))
        .route("/users/{id}/changePassword", post(passwords::change_by_id))
        .route("/users/{id}/revokeSignInSessions", post(sessions::revoke))
        .collection(
            "/users/{id}/oauth2PermissionGrants",
            permission_grants::list_of_user,
            MethodRouter::new(),
        )
        .collection(
            "/users/{id}/appRoleAssignments",
            app_role_assignments::list_held_by_user,
            post(app_role_assignments::create),
        )
        .route("/users/{id}/appRoleAssignments/{assignment}", delete(app_role_assignments::remove))
}

fn authentication() -> Router<Idp> {
    let only_get = MethodRouter::new;
    Router::new()
        .route("/users/{id}/authentication/methods/{method}/resetPassword", post(passwords::reset))
        .collection("/users/{id}/authentication/fido2Methods", fido2_methods::list, only_get())
        .route(
            "/users/{id}/authentication/fido2Methods/{method}",
            get(fido2_methods::show).delete(fido2_methods::remove),
        )
        .route("/users/{id}/authentication/operations/{operation}", get(passwords::operation))
        .collection("/users/{id}/authentication/{kind}", authentication_methods::list, only_get())
        .route("/users/{id}/authentication/{kind}/{method}", get(authentication_methods::show))
        .collection("/me/authentication/{kind}", authentication_methods::list_own, only_get())
        .route("/me/authentication/{kind}/{method}", get(authentication_methods::show_own))
}

fn member_routes() -> Router<Idp> {
    let only_get = MethodRouter::new;
    let mut router = Router::new();
    for name in ["memberOf", "transitiveMemberOf"] {
        router = router
            .collection(&format!("/me/{name}"), users::of_me, only_get())
            .collection(&format!("/me/{name}/{{cast}}"), users::cast_of_me, only_get())
            .collection(&format!("/users/{{id}}/{name}"), users::of_user, only_get())
            .collection(&format!("/users/{{id}}/{name}/{{cast}}"), users::cast_of_user, only_get());
    }
    for object in ["/me", "/users/{id}", "/groups/{id}"] {
        router = router
            .route(&format!("{object}/getMemberGroups"), post(memberships::get_groups))
            .route(&format!("{object}/getMemberObjects"), post(memberships::get_objects))
            .route(&format!("{object}/checkMemberGroups"), post(memberships::check_groups))
            .route(&format!("{object}/checkMemberObjects"), post(memberships::check_objects));
    }
    router
}

fn group_routes() -> Router<Idp> {
    let only_get = MethodRouter::new;
    let mut router = Router::new()
        .collection("/groups", groups::list, post(groups::create))
        .route("/groups/{id}", get(groups::show).patch(groups::update).delete(groups::remove))
        .route("/groups/{id}/members/$ref", post(groups::add))
        .route("/groups/{id}/members/{member}/$ref", delete(groups::remove_member));
    for name in ["members", "transitiveMembers"] {
        let members = format!("/groups/{{id}}/{name}");
        router = router.collection(&members, groups::list_members, only_get()).collection(
            &format!("{members}/microsoft.graph.user"),
            groups::list_user_members,
            only_get(),
        );
    }
    router
}

fn role_routes() -> Router<Idp> {
    let mut router = Router::new()
        .collection("/directoryRoles", directory_roles::list, post(directory_roles::activate))
        .route("/directoryRoles/{id}", get(directory_roles::show))
        .collection("/directoryRoleTemplates", directory_roles::list_templates, MethodRouter::new())
        .route("/directoryRoleTemplates/{id}", get(directory_roles::show_template));
    // The second is `directoryRoles(roleTemplateId='…')`.
    for role in ["/directoryRoles/{id}", "/{named}"] {
        router = router
            .collection(&format!("{role}/members"), directory_roles::list_members, MethodRouter::new())
            .route(&format!("{role}/members/$ref"), post(directory_roles::add))
            .route(&format!("{role}/members/{{member}}/$ref"), delete(directory_roles::remove));
    }
    router
}

fn deleted_items() -> Router<Idp> {
    Router::new()
        .collection("/directory/deletedItems/microsoft.graph.user", users::list_deleted, MethodRouter::new())
        .route("/directory/deletedItems/{id}", get(users::show_deleted).delete(users::purge))
        .route("/directory/deletedItems/{id}/restore", post(users::restore))
}

fn application_routes() -> Router<Idp> {
    let mut router = Router::new()
        .collection("/applications", applications::list, post(applications::create))
        .route(
            "/applications/{id}",
            get(applications::show).patch(applications::update).delete(applications::remove),
        )
        .route("/applications/{id}/addPassword", post(applications::add_password))
        .route("/applications/{id}/removePassword", post(applications::remove_password))
        .route("/applications/{id}/addKey", post(applications::add_key))
        .route("/applications/{id}/removeKey", post(applications::remove_key))
        // applications(appId='…'), servicePrincipals(appId='…'), directoryRoles(roleTemplateId='…')
        .route(
            "/{named}",
            get(applications::show_by_app_id)
                .patch(applications::update_by_app_id)
                .delete(applications::delete_by_app_id),
        )
        .route("/{named}/addPassword", post(applications::add_password_by_app_id))
        .route("/{named}/removePassword", post(applications::remove_password_by_app_id))
        .route("/{named}/addKey", post(applications::add_key_by_app_id))
        .route("/{named}/removeKey", post(applications::remove_key_by_app_id));
    for application in ["/applications/{id}", "/{named}"] {
        let credentials = format!("{application}/federatedIdentityCredentials");
        router = router
            .collection(&credentials, applications::list_credentials, post(applications::create_credential))
            .route(
                &format!("{credentials}/{{credential}}"),
                get(applications::show_credential)
                    .patch(applications::update_credential)
                    .delete(applications::remove_credential),
            );
    }
    router
}

fn service_principal_routes() -> Router<Idp> {
    Router::new()
        .collection("/servicePrincipals", service_principals::list, post(service_principals::create))
        .route("/servicePrincipals/{id}", get(service_principals::show).patch(service_principals::update))
        .collection(
            "/servicePrincipals/{id}/oauth2PermissionGrants",
            permission_grants::list_of_client,
            MethodRouter::new(),
        )
        .collection(
            "/servicePrincipals/{id}/appRoleAssignments",
            app_role_assignments::list_held_by_client,
            post(app_role_assignments::create),
        )
        .route(
            "/servicePrincipals/{id}/appRoleAssignments/{assignment}",
            delete(app_role_assignments::remove),
        )
        .collection(
            "/servicePrincipals/{id}/appRoleAssignedTo",
            app_role_assignments::list_given,
            post(app_role_assignments::create),
        )
        .route("/servicePrincipals/{id}/appRoleAssignedTo/{assignment}", delete(app_role_assignments::remove))
}

fn grants_and_logs() -> Router<Idp> {
    Router::new()
        .collection("/oauth2PermissionGrants", permission_grants::list, post(permission_grants::create))
        .route(
            "/oauth2PermissionGrants/{id}",
            get(permission_grants::show).patch(permission_grants::update).delete(permission_grants::remove),
        )
        .collection("/auditLogs/signIns", audit_logs::sign_ins, MethodRouter::new())
        .route("/auditLogs/signIns/{id}", get(audit_logs::one_sign_in))
        .collection("/auditLogs/directoryAudits", audit_logs::directory_audits, MethodRouter::new())
        .route("/auditLogs/directoryAudits/{id}", get(audit_logs::one_directory_audit))
}
