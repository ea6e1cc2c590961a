//! The control plane: the `Microsoft.Web` resources that make up the hub.
//!
//! Every handler takes a [`ControlCall`](crate::arm::ControlCall), which has authenticated the
//! caller and checked tenant and `api-version`.

mod access;
mod access_policies;
mod confirm_consent;
mod connection_body;
mod connection_keys;
mod connection_values;
mod connections;
mod consent_links;
mod custom_api_body;
mod custom_apis;
mod dynamic_invoke;
mod filter;
mod gateways;
mod listing;
mod managed_apis;
mod no_store;
mod paths;
mod test_connection;
mod workflows;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post, put};

use crate::Hub;

const CONNECTIONS: &str =
    "/subscriptions/{tenant}/resourceGroups/{group}/providers/Microsoft.Web/connections";

const GATEWAYS: &str =
    "/subscriptions/{tenant}/resourceGroups/{group}/providers/Microsoft.Web/connectionGateways";

const CUSTOM_APIS: &str = "/subscriptions/{tenant}/resourceGroups/{group}/providers/Microsoft.Web/customApis";

pub(crate) fn router() -> Router<Arc<Hub>> {
    let connection = format!("{CONNECTIONS}/{{name}}");
    let of = |call: &str| format!("{connection}/{call}");
    Router::new()
        .route(CONNECTIONS, get(connections::list))
        .route("/subscriptions/{tenant}/providers/Microsoft.Web/connections", get(connections::list_all))
        .route(
            &connection,
            get(connections::show)
                .put(connections::put)
                .patch(connections::patch)
                .delete(connections::delete),
        )
        .route(&of("listConsentLinks"), post(consent_links::list))
        .route(&of("confirmConsentCode"), post(confirm_consent::confirm))
        .route(&of("listConnectionKeys"), post(connection_keys::list))
        .route(&of("dynamicInvoke"), post(dynamic_invoke::invoke))
        .route(&of("extensions/proxy/testconnection"), get(test_connection::test))
        .route(&of("accessPolicies"), get(access_policies::list))
        .route(
            &of("accessPolicies/{policy}"),
            get(access_policies::show).put(access_policies::put).delete(access_policies::delete),
        )
        .route(
            "/subscriptions/{tenant}/providers/Microsoft.Web/locations/{location}/managedApis",
            get(managed_apis::list),
        )
        .route(
            "/subscriptions/{tenant}/providers/Microsoft.Web/locations/{location}/managedApis/{api}",
            get(managed_apis::show).patch(managed_apis::patch),
        )
        .route(
            "/subscriptions/{tenant}/providers/Microsoft.Web/locations/{location}/logicflows/{workflow}",
            put(workflows::put).delete(workflows::delete),
        )
        .route(
            "/subscriptions/{tenant}/providers/Microsoft.Web/locations/{location}/connectionGatewayInstallations",
            get(gateways::list_installations),
        )
        .route(GATEWAYS, get(gateways::list))
        .route(&format!("{GATEWAYS}/{{name}}"), get(gateways::show))
        .route("/subscriptions/{tenant}/providers/Microsoft.Web/customApis", get(custom_apis::list_all))
        .route(
            "/subscriptions/{tenant}/providers/Microsoft.Web/customApis/{name}",
            get(custom_apis::show_by_name),
        )
        .route(CUSTOM_APIS, get(custom_apis::list))
        .route(
            &format!("{CUSTOM_APIS}/{{name}}"),
            get(custom_apis::show)
                .put(custom_apis::put)
                .patch(custom_apis::patch)
                .delete(custom_apis::delete),
        )
}
