//! Routes. `{tenant}` is an id, a domain or an alias.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post, put};
use http::StatusCode;
use outlive_chassis::{Problem, Routes, around, readable_by_pages, response_is_dated};
use outlive_clock::TenantId;
use outlive_tokens::TokenVersion::{V1, V2};

use crate::idp::Idp;
use crate::lab::directory as lab_directory;
use crate::lab::events as lab_events;
use crate::lab::identity_endpoints;
use crate::lab::question;
use crate::protocol::response_headers::{of_graph, of_sign_in_service, with_charset};
use crate::sign_in::accounts::pick_account;
use crate::sign_in::admin_consent::show_admin_consent_page;
use crate::sign_in::authorize::{
    authorize, change_password, change_password_page, logout, sign_in, submit_consent_form,
};
use crate::sign_in::device::{answer_device, device_code, device_page, enter_user_code, short_page};
use crate::sign_in::discovery::{configuration, instance, keys, user_realm};
use crate::sign_in::pages;
use crate::sign_in::passkeys::{change_security_info, passkey, security_info_page};
use crate::sign_in::password_reset::{password_reset, password_reset_page};
use crate::sign_in::second_factor::second_factor;
use crate::token::{app_service_token, metadata_token, preflight, token, wrong_method};
use crate::visit::Visit;
use crate::{graph, security_events};

pub(crate) fn router(idp: Idp) -> Router {
    let authorize_route = |version| {
        let handler = move |visit: Visit| authorize(visit, version);
        get(handler).post(handler).fallback(not_get_or_post)
    };
    let admin_consent_route =
        |version| get(move |visit: Visit| show_admin_consent_page(visit, version)).fallback(not_get_page);
    let token_route =
        |version| post(move |visit: Visit| token(visit, version)).options(preflight).fallback(wrong_method);
    let device_code_route = |version| {
        post(move |visit: Visit| device_code(visit, version)).options(preflight).fallback(wrong_method)
    };
    let routes = Router::new()
        .route("/{tenant}/oauth2/v2.0/authorize", authorize_route(V2))
        .route("/{tenant}/oauth2/authorize", authorize_route(V1))
        .route("/{tenant}/adminconsent", admin_consent_route(V1))
        .route("/{tenant}/v2.0/adminconsent", admin_consent_route(V2))
        .route("/{tenant}/oauth2/v2.0/token", token_route(V2))
        .route("/{tenant}/oauth2/token", token_route(V1))
        .route("/{tenant}/oauth2/v2.0/devicecode", device_code_route(V2))
        .route("/{tenant}/oauth2/devicecode", device_code_route(V1))
        .route(
            "/{tenant}/oauth2/deviceauth",
            get(device_page).post(enter_user_code).fallback(not_get_or_post),
        )
        .route("/{tenant}/deviceauth", post(answer_device).fallback(not_post))
        .route("/device", get(short_page))
        .route("/{tenant}/oauth2/v2.0/logout", get(logout).post(logout).fallback(not_get_or_post))
        .route("/{tenant}/oauth2/logout", get(logout).post(logout).fallback(not_get_or_post))
        .route("/{tenant}/v2.0/.well-known/openid-configuration", configuration(V2))
        .route("/{tenant}/.well-known/openid-configuration", configuration(V1))
        .route("/{tenant}/discovery/v2.0/keys", keys(V2))
        .route("/{tenant}/discovery/keys", keys(V1))
        .route("/{tenant}/identity/{endpoint}/token", get(app_service_token))
        .route("/{tenant}/identity/{endpoint}/{header}/metadata/identity/oauth2/token", get(metadata_token))
        .route("/common/discovery/instance", get(instance))
        // Clients use both spellings.
        .route("/common/userrealm/{upn}", get(user_realm))
        .route("/common/UserRealm/{upn}", get(user_realm))
        .route("/{tenant}/oauth2/nativeclient", get(pages::native_client))
        .route("/{tenant}/login", post(sign_in).fallback(not_post))
        .route("/{tenant}/account", post(pick_account).fallback(not_post))
        .route("/{tenant}/secondfactor", post(second_factor).fallback(not_post))
        .route("/{tenant}/passkey", post(passkey).fallback(not_post))
        .route(
            "/{tenant}/security-info",
            get(security_info_page).post(change_security_info).fallback(not_get_or_post),
        )
        .route("/{tenant}/consent", post(submit_consent_form).fallback(not_post))
        .route(
            "/{tenant}/changepassword",
            get(change_password_page).post(change_password).fallback(not_get_or_post),
        )
        .route(
            "/{tenant}/passwordreset",
            get(password_reset_page).post(password_reset).fallback(not_get_or_post),
        )
        .route("/error", get(pages::error_lookup))
        .route("/_pages/style.css", get(pages::style))
        .route("/_pages/submit.js", get(pages::script))
        .route("/_pages/passkey.js", get(pages::passkey_script))
        .layer(from_fn(of_sign_in_service))
        .route("/_lab/tenants/{tenant}/events", post(lab_events::happen))
        .route("/_lab/tenants/{tenant}/forge", post(crate::lab::forge::forge))
        .route("/_lab/tenants/{tenant}/generation", post(crate::lab::generations::begin))
        .route("/_lab/tenants/{tenant}/moved-origin", post(crate::lab::moved_origin::follow))
        .route(
            "/_lab/tenants/{tenant}/moved-event-streams",
            post(crate::lab::moved_origin::follow_event_streams),
        )
        .route("/_lab/tenants/{tenant}/outbox", get(crate::lab::outbox::show))
        .route("/_lab/tenants/{tenant}/phone-requests", get(crate::lab::phone_requests::list))
        .route(
            "/_lab/tenants/{tenant}/phone-requests/{request}",
            get(crate::lab::phone_requests::show).post(crate::lab::phone_requests::answer),
        )
        .route("/_lab/tenants/{tenant}/question", post(question::ask))
        .route("/_lab/tenants/{tenant}/event-streams", get(security_events::show))
        .route(
            "/_lab/tenants/{tenant}/event-streams/{client}",
            put(security_events::set).delete(security_events::remove),
        )
        .route(
            "/_lab/tenants/{tenant}/identity-endpoints/{id}",
            put(identity_endpoints::put).delete(identity_endpoints::remove),
        )
        .merge(lab_directory::router())
        .merge(graph_routes(&idp))
        .method_not_allowed_fallback(not_get)
        .fallback(pages::unknown_path)
        .with_state(idp.clone());
    around(routes, move |request, routes| dated_by_path(idp.clone(), request, routes))
}

fn graph_routes(idp: &Idp) -> Router<Idp> {
    let user_info = Router::new()
        .route("/oidc/userinfo", graph::user_info())
        .route("/{tenant}/openid/userinfo", graph::user_info())
        .layer(from_fn_with_state(idp.clone(), graph::render_errors));
    graph::versions(idp)
        .merge(user_info)
        .method_not_allowed_fallback(not_get)
        .layer(from_fn(readable_by_pages))
        .layer(from_fn(of_graph))
}

/// Dates the response by the clock of the tenant in the path, unless the clock was read already:
/// for forms and unknown paths.
async fn dated_by_path(idp: Idp, request: Request, routes: Routes) -> Response {
    let path = request.uri().path();
    let segment = path.split('/').nth(1).filter(|segment| may_name_tenant(segment)).map(str::to_owned);
    let response = with_charset(routes.run(request).await);
    if let Some(segment) = segment
        && !response_is_dated()
        && let Ok(tenant) = idp.tenant(&segment, None).await
    {
        idp.date_by(tenant.id).await;
    }
    response
}

/// Returns whether a path segment can be a tenant's id or domain.
fn may_name_tenant(segment: &str) -> bool {
    segment.parse::<TenantId>().is_ok() || segment.contains('.') && segment != "v1.0"
}

pub(crate) fn is_of_graph(path: &str) -> bool {
    let mut segments = path.split('/').skip(1);
    matches!(segments.next(), Some("v1.0" | "beta"))
        || path == "/oidc/userinfo"
        || path.ends_with("/openid/userinfo")
}

async fn not_post(visit: Visit) -> Response {
    visit.wrong_method("POST").await
}

async fn not_get_or_post(visit: Visit) -> Response {
    visit.wrong_method("GET, POST").await
}

async fn not_get_page(visit: Visit) -> Response {
    visit.wrong_method("GET").await
}

async fn not_get() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "MethodNotAllowed",
        "Method not allowed. The Allow header lists the supported methods.",
    )
}
