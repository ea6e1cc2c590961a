//! Users.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use outlive_chassis::Problem;
use outlive_clock::UserId;
use outlive_wire::directory::{DirectoryEvent, DirectorySession, DirectoryUserDetails, DirectoryUsers};

use super::objects::{shown_group, shown_user};
use super::page::PageQuery;
use crate::directory::sessions::{Session, latest_of_user};
use crate::directory::shortened_name;
use crate::idp::Idp;
use crate::sign_in::passkeys::of_user;

/// The number of a user's groups that are returned.
const GROUPS_NAMED: usize = 20;
/// The number of a user's latest sessions that are returned.
const SESSIONS_SHOWN: u32 = 10;

/// A page of users: active ones, or those that can be restored.
pub(super) async fn list(
    State(idp): State<Idp>,
    Path(tenant): Path<String>,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Json<DirectoryUsers>, Problem> {
    let tenant = idp.lab_tenant(&tenant).await?;
    let Query(query) = query?;
    let (page, is_deleted) = (query.page()?, query.kind(&["active", "deleted"])? == "deleted");
    let mut users = idp.directory.users_after(tenant.id, is_deleted, &page.after, page.to_read()).await?;
    let next = page.cut(&mut users, |user| user.id.to_string());
    Ok(Json(DirectoryUsers { users: users.iter().map(shown_user).collect(), next }))
}

/// One user, by object id or sign-in name.
pub(super) async fn show(
    State(idp): State<Idp>,
    Path((tenant, user)): Path<(String, String)>,
) -> Result<Json<DirectoryUserDetails>, Problem> {
    let tenant = idp.lab_tenant(&tenant).await?;
    let found = match user.parse::<UserId>() {
        Ok(id) => idp.directory.user(tenant.id, id).await?,
        // No name has control characters; PostgreSQL would not even compare with them.
        Err(_) if user.chars().any(char::is_control) => None,
        Err(_) => idp.directory.user_by_upn(tenant.id, &user).await?,
    };
    let found = found.ok_or_else(|| {
        let name = shortened_name(&user);
        Problem::not_found("UserNotFound", format!("There is no user '{name}' in {}.", tenant.domain))
    })?;
    let passkeys = of_user(&idp.chassis.store, tenant.id, found.id).await?;
    let memberships = idp.directory.groups_of(tenant.id, found.id).await?;
    let mut groups = Vec::new();
    for id in memberships.iter().take(GROUPS_NAMED) {
        let Ok(id) = id.parse() else { continue };
        groups.extend(idp.directory.group(tenant.id, id).await?.as_ref().map(shown_group));
    }
    let sessions = latest_of_user(&idp.chassis.store, tenant.id, found.id, SESSIONS_SHOWN).await?;
    let events = found.revocations.latest_first().into_iter().map(|(event, at)| DirectoryEvent {
        event,
        title: tenant.rules.row(event).title.to_owned(),
        at,
    });
    Ok(Json(DirectoryUserDetails {
        user: shown_user(&found),
        passkeys: passkeys.into_iter().map(|passkey| passkey.name).collect(),
        groups,
        has_more_groups: memberships.len() > GROUPS_NAMED,
        sessions: sessions.iter().map(shown_session).collect(),
        events: events.collect(),
    }))
}

fn shown_session(session: &Session) -> DirectorySession {
    DirectorySession {
        id: session.id.to_string(),
        started: session.started_at,
        last_used: session.used_at,
        signed_out: session.ended_at,
        persistent: session.persistent,
        methods: session.amr.clone(),
    }
}
