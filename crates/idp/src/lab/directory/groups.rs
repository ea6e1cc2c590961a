//! Groups and their members.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use outlive_chassis::Problem;
use outlive_wire::directory::{DirectoryGroupDetails, DirectoryGroups};

use super::objects::{shown_group, shown_user};
use super::page::PageQuery;
use crate::idp::Idp;

pub(super) async fn list(
    State(idp): State<Idp>,
    Path(tenant): Path<String>,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Json<DirectoryGroups>, Problem> {
    let tenant = idp.lab_tenant(&tenant).await?;
    let page = query?.page()?;
    let mut groups = idp.directory.groups_after(tenant.id, None, &page.after, page.to_read()).await?;
    let next = page.cut(&mut groups, |group| group.id.to_string());
    Ok(Json(DirectoryGroups { groups: groups.iter().map(shown_group).collect(), next }))
}

/// A group with a page of its members.
pub(super) async fn show(
    State(idp): State<Idp>,
    Path((tenant, group)): Path<(String, String)>,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Json<DirectoryGroupDetails>, Problem> {
    let tenant = idp.lab_tenant(&tenant).await?;
    let page = query?.page()?;
    let found = match group.parse() {
        Ok(id) => idp.directory.group(tenant.id, id).await?,
        Err(_) => None,
    };
    let group = found.ok_or_else(|| {
        Problem::not_found("GroupNotFound", format!("There is no group of this id in {}.", tenant.domain))
    })?;
    let mut ids = idp.directory.members_after(tenant.id, group.id, &page.after, page.to_read()).await?;
    let next = page.cut(&mut ids, ToString::to_string);
    let mut members = Vec::with_capacity(ids.len());
    for id in ids {
        members.extend(idp.directory.user(tenant.id, id).await?.as_ref().map(shown_user));
    }
    Ok(Json(DirectoryGroupDetails { group: shown_group(&group), members, next }))
}
