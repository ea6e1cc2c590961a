//! Reading applications.

use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use outlive_clock::ClientId;
use uuid::Uuid;

use super::resource::{APPLICATION, resource};
use crate::directory::Application;
use crate::graph::caller::Caller;
use crate::graph::error::GraphError;
use crate::graph::odata::{Options, Page, collection, entity};
use crate::graph::permissions::READ_APPLICATIONS;

/// An application in a path: `applications/{id}` or `applications(appId='{appId}')`.
#[derive(Debug, Clone)]
pub(crate) enum ApplicationName {
    Object(String),
    AppId(String),
}

impl ApplicationName {
    /// Finds the application.
    pub(crate) async fn find(&self, caller: &Caller) -> Result<Application, GraphError> {
        let (directory, tenant) = (&caller.idp.directory, caller.tenant.id);
        let (found, name) = match self {
            Self::Object(id) => match id.parse::<Uuid>() {
                Ok(object) => (directory.application_of_object(tenant, object).await?, id),
                Err(_) => (None, id),
            },
            Self::AppId(id) => match id.parse::<ClientId>() {
                Ok(client) => (directory.application(tenant, client).await?, id),
                Err(_) => (None, id),
            },
        };
        found.ok_or_else(|| GraphError::not_found(name))
    }
}

/// `GET /applications/{id}`.
pub(crate) async fn show(caller: Caller, Path(id): Path<String>) -> Response {
    let result = show_application(&caller, &ApplicationName::Object(id)).await;
    caller.answer(result)
}

pub(super) async fn show_application(
    caller: &Caller,
    name: &ApplicationName,
) -> Result<Response, GraphError> {
    caller.allowed(&READ_APPLICATIONS)?;
    let application = name.find(caller).await?;
    let options = caller.entity_options(&APPLICATION)?;
    Ok(entity(&APPLICATION, StatusCode::OK, &resource(caller, &application).await?, &options))
}

/// `GET /applications`.
pub(crate) async fn list(caller: Caller) -> Response {
    let result = async {
        caller.allowed(&READ_APPLICATIONS)?;
        collection(&caller, &APPLICATION, |options| read(&caller, options)).await
    };
    caller.answer(result.await)
}

async fn read(caller: &Caller, options: Options) -> Result<Page, GraphError> {
    let (mut found, more_after) = find_applications(caller, &options).await?;
    // Platform applications have service principals in the tenant, but no registration.
    found.retain(|application| !application.document.platform);
    let mut objects = Vec::with_capacity(found.len());
    for application in &found {
        objects.push(resource(caller, application).await?);
    }
    objects.retain(|object| options.filter.passes(object));
    Ok(Page { objects, more_after })
}

/// Returns the applications that the filter selects through an index, and the key at which the next
/// page starts.
pub(crate) async fn find_applications(
    caller: &Caller,
    options: &Options,
) -> Result<(Vec<Application>, Option<String>), GraphError> {
    let (directory, tenant) = (&caller.idp.directory, caller.tenant.id);
    if let Some(app_id) = options.filter.equal("appId") {
        let found = match app_id.parse() {
            Ok(client) => directory.application(tenant, client).await?,
            Err(_) => None,
        };
        return Ok((found.into_iter().collect(), None));
    }
    let mut found = match options.filter.equal_in_ascii("displayName") {
        Some(name) => directory.applications_by_name(tenant, name, &options.after, options.top + 1).await?,
        None => directory.applications_after(tenant, &options.after, options.top + 1).await?,
    };
    let more = found.len() > options.top as usize;
    found.truncate(options.top as usize);
    let more_after = found.last().filter(|_| more).map(|application| application.client_id.to_string());
    Ok((found, more_after))
}
