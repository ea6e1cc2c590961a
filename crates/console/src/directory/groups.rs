//! `/directory/groups` and `/directory/groups/{id}`.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use http::HeaderMap;
use outlive_wire::directory::{DirectoryGroupDetails, DirectoryGroups};

use super::area::{AREAS, Area};
use super::users::{UserRow, row};
use super::visit::{AskedQuery, Pages, Visit, or_return, title_of_part};
use crate::error::{self, ErrorPage};
use crate::frame::Frame;
use crate::number_words::number;
use crate::state::Console;
use crate::when::When;

#[derive(Template)]
#[template(path = "directory/groups.html")]
struct GroupsPage {
    frame: Frame,
    area: Area,
    title: String,
    rows: Vec<GroupRow>,
    pages: Pages,
}

struct GroupRow {
    id: String,
    name: String,
    description: String,
    created: Option<When>,
}

#[derive(Template)]
#[template(path = "directory/group.html")]
struct GroupPage {
    frame: Frame,
    area: Area,
    title: String,
    group: GroupRow,
    rows: Vec<UserRow>,
    pages: Pages,
}

pub(super) async fn list(
    State(console): State<Console>,
    headers: HeaderMap,
    query: AskedQuery,
) -> Result<Response, ErrorPage> {
    let visit = or_return!(Visit::begin(console, headers, query).await?);
    let (frame, found) = or_return!(visit.read::<DirectoryGroups>(&["groups"], "page of groups").await?);
    let pages = visit.pages("groups", found.next.as_deref());
    let groups = if found.groups.len() == 1 { "group" } else { "groups" };
    let count = number(found.groups.len());
    let page = GroupsPage {
        area: Area::Groups,
        title: if pages.is_whole() {
            format!("The directory has {count} {groups}")
        } else {
            title_of_part(found.groups.len(), "groups")
        },
        rows: found.groups.iter().map(|group| group_row(group, &frame)).collect(),
        pages,
        frame,
    };
    Ok(page.frame.respond(error::show(&page)))
}

pub(super) async fn show(
    State(console): State<Console>,
    Path(id): Path<String>,
    headers: HeaderMap,
    query: AskedQuery,
) -> Result<Response, ErrorPage> {
    let visit = or_return!(Visit::begin(console, headers, query).await?);
    let read = visit.read::<DirectoryGroupDetails>(&["groups", &id], "group").await?;
    let (frame, found) = or_return!(read);
    let pages = visit.pages(&format!("groups/{}", found.group.id), found.next.as_deref());
    let name: String = found.group.display_name.chars().take(40).collect();
    let count = number(found.members.len());
    let page = GroupPage {
        area: Area::Groups,
        title: match (found.members.len(), pages.is_whole()) {
            (1, true) => format!("{name} has one member"),
            (_, true) => format!("{name} has {count} members"),
            (_, false) => title_of_part(found.members.len(), &format!("members of {name}")),
        },
        group: group_row(&found.group, &frame),
        rows: found.members.iter().map(|user| row(user, frame.now())).collect(),
        pages,
        frame,
    };
    Ok(page.frame.respond(error::show(&page)))
}

fn group_row(group: &outlive_wire::directory::DirectoryGroup, frame: &Frame) -> GroupRow {
    GroupRow {
        id: group.id.clone(),
        name: group.display_name.clone(),
        description: group.description.clone().unwrap_or_default(),
        created: group.created.map(|at| When::of(at, frame.now())),
    }
}
