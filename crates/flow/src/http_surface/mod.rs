//! The HTTP API (`Microsoft.ProcessSimple`, api-version 2016-11-01).

mod callback_urls;
mod callbacks;
mod caller;
mod client_address;
mod expected_runs;
mod flow_documents;
mod flow_edits;
mod flow_routes;
mod known_flow;
mod known_flows;
mod lab_tenant;
mod links;
mod outbox;
mod paging;
mod repetitions;
mod run_documents;
mod run_ranges;
mod run_routes;
mod sharing_edits;
mod sharing_routes;
mod trigger_histories;
mod trigger_invocation;
mod trigger_routes;

use std::sync::Arc;

use axum::Router;
use axum::routing::{any, get, post};
use http::StatusCode;
use outlive_chassis::Problem;

use crate::service::Flows;

pub(crate) use flow_edits::{DISPLAY_NAME_CHARACTERS_MAX, is_display_name};

pub(crate) fn router(flows: Arc<Flows>) -> Router {
    const FLOWS: &str = "/providers/Microsoft.ProcessSimple/environments/{environment}/flows";
    const ALL_FLOWS: &str = "/providers/Microsoft.ProcessSimple/scopes/admin/environments/{environment}";
    const INVOKE: &str = "/workflows/{workflow}/triggers/{trigger}/paths/invoke";
    let at = |rest: &str| format!("{FLOWS}{rest}");
    let as_administrator = |rest: &str| format!("{ALL_FLOWS}{rest}");
    Router::new()
        .route(FLOWS, get(flow_routes::list).post(flow_routes::create))
        .route(
            &at("/{flow}"),
            get(flow_routes::show)
                .put(flow_routes::put)
                .patch(flow_routes::patch)
                .delete(flow_routes::delete),
        )
        .route(&at("/{flow}/start"), post(flow_routes::start))
        .route(&at("/{flow}/stop"), post(flow_routes::stop))
        .route(&at("/{flow}/triggers"), get(trigger_histories::list))
        .route(&at("/{flow}/triggers/{trigger}"), get(trigger_histories::show))
        .route(&at("/{flow}/triggers/{trigger}/histories"), get(trigger_histories::histories))
        .route(&at("/{flow}/triggers/{trigger}/histories/{history}"), get(trigger_histories::show_history))
        .route(&at("/{flow}/triggers/{trigger}/run"), post(trigger_routes::run))
        .route(&at("/{flow}/triggers/{trigger}/histories/{history}/resubmit"), post(trigger_routes::resubmit))
        .route(&at("/{flow}/runs"), get(run_routes::list))
        .route(&at("/{flow}/runs/{run}"), get(run_routes::show))
        .route(&at("/{flow}/runs/{run}/actions"), get(run_routes::actions))
        .route(&at("/{flow}/runs/{run}/actions/{action}"), get(run_routes::action))
        .route(&at("/{flow}/runs/{run}/actions/{action}/repetitions"), get(run_routes::repetitions))
        .route(
            &at("/{flow}/runs/{run}/actions/{action}/repetitions/{repetition}"),
            get(run_routes::repetition),
        )
        .route(&at("/{flow}/runs/{run}/cancel"), post(run_routes::cancel))
        .route(&as_administrator("/flows"), get(flow_routes::list_as_administrator))
        .route(&as_administrator("/v2/flows"), get(flow_routes::list_as_administrator))
        .route(&as_administrator("/flows/{flow}"), get(flow_routes::show_as_administrator))
        .merge(sharing_routes::routes(&at("/{flow}"), &as_administrator("/flows/{flow}")))
        .route(&at("/{flow}/triggers/{trigger}/listCallbackUrl"), post(callback_urls::list_for_trigger))
        .route(&at("/{flow}/listCallbackUrl"), post(callback_urls::list_for_flow))
        .route(&at("/{flow}/regenerateAccessKey"), post(callback_urls::regenerate))
        .route(INVOKE, any(trigger_invocation::invoke))
        .route(&format!("{INVOKE}/{{*relative}}"), any(trigger_invocation::invoke))
        .route(&at("/{flow}/runs/{run}/callbacks/{repetition}"), post(callbacks::call_back))
        .route("/_lab/tenants/{tenant}/flows", get(known_flows::list))
        .route("/_lab/tenants/{tenant}/timeline", get(run_ranges::list))
        .route("/_lab/tenants/{tenant}/flows/{flow}", get(known_flow::show))
        .route("/_lab/tenants/{tenant}/flows/{flow}/runs/{run}", get(known_flow::show_run))
        .route("/_lab/tenants/{tenant}/runs", get(run_routes::counts))
        .route("/_lab/tenants/{tenant}/runs/expected", get(expected_runs::show))
        .route("/_lab/tenants/{tenant}/outbox", get(outbox::show))
        .method_not_allowed_fallback(|| async {
            Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "MethodNotAllowed",
                "Method not allowed. The Allow header lists the allowed methods.",
            )
        })
        .fallback(outlive_chassis::unknown_path::<4>)
        .with_state(flows)
}

#[cfg(test)]
mod secrecy_tests;
