//! `/directory/users`.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use outlive_clock::Instant;
use outlive_wire::directory::{DirectoryUser, DirectoryUsers};

use super::area::{AREAS, Area};
use super::visit::{AskedQuery, Pages, Visit, or_return, title_of_part};
use crate::error::{ErrorPage, show};
use crate::frame::Frame;
use crate::number_words::{capital, number};
use crate::state::Console;
use crate::when::When;

#[derive(Template)]
#[template(path = "directory/users.html")]
struct UsersPage {
    frame: Frame,
    area: Area,
    title: String,
    is_deleted: bool,
    rows: Vec<UserRow>,
    pages: Pages,
}

/// A user in a list.
pub(super) struct UserRow {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) upn: String,
    pub(super) roles: String,
    pub(super) account: &'static str,
    pub(super) password_changed: When,
    pub(super) sessions_valid_from: When,
    pub(super) methods: &'static str,
}

pub(super) async fn list(
    State(console): State<Console>,
    headers: HeaderMap,
    query: AskedQuery,
) -> Result<Response, ErrorPage> {
    let visit = or_return!(Visit::begin(console, headers, query).await?);
    let (frame, found) = or_return!(visit.read::<DirectoryUsers>(&["users"], "page of users").await?);
    let is_deleted = visit.asked.of.as_deref() == Some("deleted");
    let pages = visit.pages("users", found.next.as_deref());
    let page = UsersPage {
        area: Area::Users,
        title: title(found.users.len(), is_deleted, &pages),
        is_deleted,
        rows: found.users.iter().map(|user| row(user, frame.now())).collect(),
        pages,
        frame,
    };
    Ok(page.frame.respond(show(&page)))
}

fn title(count: usize, is_deleted: bool, pages: &Pages) -> String {
    let users = if count == 1 { "user" } else { "users" };
    match (is_deleted, pages.is_whole()) {
        (true, true) => format!("{} deleted {users} can be restored", capital(&number(count))),
        (true, false) => title_of_part(count, "deleted users"),
        (false, true) => format!("The directory has {} {users}", number(count)),
        (false, false) => title_of_part(count, "users"),
    }
}

pub(super) fn row(user: &DirectoryUser, now: Instant) -> UserRow {
    UserRow {
        id: user.id.clone(),
        name: if user.display_name.is_empty() { user.upn.clone() } else { user.display_name.clone() },
        upn: user.upn.clone(),
        roles: user.directory_roles.join(", "),
        account: match (user.deleted, user.enabled) {
            (Some(_), _) => "Deleted",
            (None, true) => "Enabled",
            (None, false) => "Sign-in blocked",
        },
        password_changed: When::of(user.password_changed, now),
        sessions_valid_from: When::of(user.sessions_valid_from, now),
        methods: match (user.mfa_required, user.has_authenticator) {
            (true, true) => "Required, registered",
            (true, false) => "Required, not registered",
            (false, true) => "Registered",
            (false, false) => "Not required",
        },
    }
}
