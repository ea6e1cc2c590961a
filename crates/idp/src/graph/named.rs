//! Objects of any type by their alternate keys: `/applications(appId='…')` and the like.

use super::applications::{show_application, update_application};
use super::body::parse_body;
use super::directory_roles::show_role;
use super::path::Named;
use super::prelude::*;
use super::service_principals;

pub(super) fn router() -> Router<Idp> {
    Router::new().route("/{named}", get(show).patch(update))
}

async fn show(caller: Caller, named: Named) -> Answer {
    match named {
        Named::Application(name) => show_application(&caller, &name).await,
        Named::ServicePrincipal(name) => service_principals::show_by_name(&caller, &name).await,
        Named::Role(name) => show_role(&caller, &name),
    }
}

/// The body depends on the type of the object.
async fn update(caller: Caller, named: Named, body: Result<Body<Value>>) -> Result<StatusCode> {
    match named {
        Named::Application(name) => update_application(&caller, &name, parse_body(body?.0)?).await,
        Named::ServicePrincipal(name) => {
            service_principals::update_by_name(&caller, &name, parse_body(body?.0)?).await
        }
        Named::Role(_) => Err(GraphError::unknown_path()),
    }
}
