//! Reading groups.

use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;

use super::resource::{GROUP, resource};
use crate::directory::Group;
use crate::graph::caller::Caller;
use crate::graph::error::GraphError;
use crate::graph::odata::{Options, Page, collection, entity};
use crate::graph::permissions::READ_GROUPS;

/// `GET /groups`.
pub(crate) async fn list(caller: Caller) -> Response {
    let result = async {
        caller.allowed(&READ_GROUPS)?;
        collection(&caller, &GROUP, |options| read(&caller, options)).await
    };
    caller.answer(result.await)
}

async fn read(caller: &Caller, options: Options) -> Result<Page, GraphError> {
    let mut found = match options.filter.equal("id") {
        Some(id) => group(caller, id).await.into_iter().collect(),
        None => {
            let name = options.filter.equal_in_ascii("displayName");
            let (directory, tenant) = (&caller.idp.directory, caller.tenant.id);
            directory.groups_after(tenant, name, &options.after, options.top + 1).await?
        }
    };
    let more = found.len() > options.top as usize;
    found.truncate(options.top as usize);
    let more_after = found.last().filter(|_| more).map(|group| group.id.to_string());
    let objects = found.iter().map(resource).filter(|object| options.filter.passes(object)).collect();
    Ok(Page { objects, more_after })
}

/// `GET /groups/{id}`.
pub(crate) async fn show(caller: Caller, Path(id): Path<String>) -> Response {
    let result = async {
        caller.allowed(&READ_GROUPS)?;
        let group = group(&caller, &id).await?;
        let options = caller.entity_options(&GROUP)?;
        Ok(entity(&GROUP, StatusCode::OK, &resource(&group), &options))
    };
    caller.answer(result.await)
}

/// Finds the group with this object id.
pub(crate) async fn group(caller: &Caller, id: &str) -> Result<Group, GraphError> {
    let found = match id.parse() {
        Ok(id) => caller.idp.directory.group(caller.tenant.id, id).await?,
        Err(_) => None,
    };
    found.ok_or_else(|| GraphError::not_found(id))
}
