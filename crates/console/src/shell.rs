//! The routes, and the security headers of every response.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::{Redirect, Response};
use axum::routing::{get, post};
use http::HeaderValue;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

use crate::state::Console;
use crate::state::ConsoleConfig;
use crate::{
    actions, assets, class, connection_matrix, connection_sharing, connections, demo_client, diagnose,
    directory, docs, editions, error, faults, fix, flow, flows, inspector, journal, lesson, matrix,
    matrix_export, pages, phone, run, seen, theme_switch, timeline, twins, worksheet,
};

/// Content security policy: resources and forms of the same origin only, nothing inline, no frames.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Returns the routes of the console: `/` and `/console/…`. Serve them together with the lab API.
pub fn router(config: ConsoleConfig) -> Router {
    Router::new()
        .route("/", get(pages::front))
        .route("/orders-desktop", get(demo_client::show_tokens))
        .route("/orders-desktop/sign-in", get(demo_client::begin))
        .route("/tokens", get(inspector::tokens).post(inspector::inspect))
        .route("/runs/{name}", get(run::run))
        .route("/connections", get(connections::connections))
        .route("/flows", get(flows::flows))
        .route("/story.svg", get(pages::story_image))
        .route("/timeline", get(timeline::timeline))
        .route("/timeline.svg", get(timeline::svg))
        .route("/timeline.mmd", get(timeline::mermaid))
        .route("/connections/{name}", get(inspector::explain_connection))
        .route("/twins", get(twins::twins).post(twins::execute))
        .route("/twins.md", get(twins::markdown))
        .route("/twins.json", get(twins::data))
        .route("/matrix", get(async || Redirect::to("/matrix/credentials")))
        .route("/matrix/credentials", get(matrix::credentials).post(matrix::execute))
        .route("/matrix/worksheet", get(worksheet::worksheet))
        .route("/matrix/worksheet/answers", get(worksheet::answers))
        .route("/flows/{id}", get(flow::flow))
        .route("/matrix/editions", get(editions::editions))
        .route("/matrix/export/{name}", get(matrix_export::export))
        .route("/matrix/connections", get(connection_matrix::connections).post(connection_matrix::execute))
        .route("/lessons", get(lesson::list))
        .route("/lessons/{number}", get(lesson::show))
        .route("/lessons/{number}/teacher", get(lesson::teacher))
        .route("/lessons/{number}/begin", post(lesson::begin))
        .route("/lessons/{number}/act", post(lesson::act))
        .route("/lessons/{number}/end", post(lesson::end))
        .route("/journal", get(journal::journal))
        .route("/diagnose", get(diagnose::ask).post(diagnose::explain))
        .route("/diagnose/scenarios/{name}", get(diagnose::scenario))
        .route("/docs", get(docs::first))
        .route("/docs/{name}", get(docs::show))
        .route("/class", get(class::list).post(class::open))
        .route("/class/{code}", get(class::show_class).post(class::change))
        .route("/class/{code}/results.csv", get(class::results))
        .route("/join", get(class::show_join).post(class::join))
        .route("/faults", get(faults::faults))
        .route("/console/{tenant}/faults", post(faults::change))
        .route("/phone", get(phone::phone).post(phone::change))
        .route("/console/tenants", get(pages::tenants))
        .route("/console/theme", post(theme_switch::choose))
        .route("/console/style.css", get(assets::style))
        .route("/console/live.js", get(assets::script))
        .route("/console/present.js", get(assets::present))
        .route("/console/png.js", get(assets::png))
        .route("/console/icon.svg", get(assets::icon))
        .route("/console/{tenant}/speed", post(actions::set_speed))
        .route("/console/{tenant}/tenant", post(actions::replace_tenant))
        .route("/console/{tenant}/flow", post(flow::act))
        .route("/console/{tenant}/fix", post(fix::begin))
        .route("/console/{tenant}/connection", post(connection_sharing::share))
        .route("/console/{tenant}/fixed/{connection}", get(fix::confirm))
        .route("/console/{tenant}/advance", post(actions::advance))
        .route("/console/{tenant}/password", post(actions::change_password))
        .route("/console/{tenant}/revoke", post(actions::revoke_sessions))
        .merge(directory::router())
        .fallback(error::missing)
        .with_state(Console::new(config))
        .layer(middleware::from_fn(seen::read))
        .layer(middleware::from_fn(protect))
}

async fn protect(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in
        [(X_CONTENT_TYPE_OPTIONS, "nosniff"), (X_FRAME_OPTIONS, "DENY"), (REFERRER_POLICY, "no-referrer")]
    {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // An image that stands alone has a stricter one.
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
