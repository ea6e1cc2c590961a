//! Microsoft Graph (`/v1.0`): directory and audit logs (reference: "Microsoft Graph operations").

mod administrators;
mod app_role_assignments;
mod applications;
mod audit_logs;
mod authentication_methods;
mod batch;
mod body;
mod caller;
mod compound_id;
mod deleted_users;
mod directory_roles;
mod error;
mod evaluation;
mod groups;
mod mail_nickname;
mod member;
mod member_of;
mod memberships;
mod named;
mod odata;
mod organization;
mod passwords;
mod path;
mod permission_grants;
mod permissions;
mod policies;
mod prelude;
mod reference;
mod service_document;
mod service_principals;
mod sessions;
mod user_change;
mod user_info;
mod users;

use axum::Router;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use http::HeaderMap;
use outlive_chassis::{Problem, Trace};

use self::caller::instant_of_call;
use self::error::GraphError;
use self::path::Named;
use crate::idp::Idp;

pub(crate) use self::user_info::user_info;

pub(crate) fn versions(idp: &Idp) -> Router<Idp> {
    let service_document = || service_document::router().method_not_allowed_fallback(wrong_method);
    Router::new()
        .nest("/v1.0", router())
        .nest("/beta", beta())
        // The Python SDK writes two slashes, which Graph accepts.
        .nest("/v1.0//", router())
        .nest("/v1.0/", service_document())
        .nest("/beta/", service_document())
        .layer(from_fn(decodable_path))
        .layer(from_fn_with_state(idp.clone(), render_errors))
}

fn router() -> Router<Idp> {
    let collections = [
        app_role_assignments::router(),
        applications::router(),
        audit_logs::router(),
        authentication_methods::router(),
        batch::router(versions),
        deleted_users::router(),
        directory_roles::router(),
        groups::router(),
        member_of::router(),
        memberships::router(),
        named::router(),
        organization::router(),
        passwords::router(),
        permission_grants::router(),
        policies::router(),
        service_document::router(),
        service_principals::router(),
        sessions::router(),
        users::router(),
    ];
    with_fallbacks(collections.into_iter().fold(Router::new(), Router::merge))
}

/// `/beta`: operations that v1.0 does not have.
fn beta() -> Router<Idp> {
    let collections = [batch::router(versions), service_document::router(), sessions::beta(), users::beta()];
    with_fallbacks(collections.into_iter().fold(Router::new(), Router::merge))
}

fn with_fallbacks(router: Router<Idp>) -> Router<Idp> {
    router.method_not_allowed_fallback(wrong_method).fallback(async || GraphError::unknown_path())
}

/// Handles an unsupported method. `/{named}` also matches unknown paths.
async fn wrong_method(names: Result<RawPathParams, RawPathParamsRejection>) -> GraphError {
    let leads_nowhere = names.is_ok_and(|names| {
        names.iter().any(|(name, value)| name == "named" && Named::of_segment(value).is_none())
    });
    if leads_nowhere { GraphError::unknown_path() } else { GraphError::wrong_method() }
}

/// Renders the error of a handler. Its date is in the virtual time of the tenant that the access
/// token names.
pub(crate) async fn render_errors(
    State(idp): State<Idp>,
    trace: Trace,
    request: Request,
    next: Next,
) -> Response {
    let headers = request.headers().clone();
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<GraphError>() {
        None => response,
        Some(error) => error.answer(&trace, instant_of_call(&idp, &headers).await),
    }
}

/// Rejects a path whose percent escapes are not UTF-8.
async fn decodable_path(
    names: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
    next: Next,
) -> Result<Response, GraphError> {
    if let Err(RawPathParamsRejection::InvalidUtf8InPathParam(_)) = names {
        return Err(GraphError::bad_request("The escapes in the path of the request are not UTF-8."));
    }
    Ok(next.run(request).await)
}

/// Renders an error of the HTTP layer, from before routing, as a Graph error.
pub(crate) async fn refuse(idp: &Idp, problem: Problem, headers: &HeaderMap, trace: &Trace) -> Response {
    let error = GraphError::new(problem.status, "Request_BadRequest", problem.message);
    error.answer(trace, instant_of_call(idp, headers).await)
}
