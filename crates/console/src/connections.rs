//! `/connections`: every connection of the tenant, of all its users, and who may use each.

use askama::Template;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use outlive_clock::Instant;
use outlive_wire::lab_api::TenantCredentials;
use outlive_wire::{ConnectionSignIn, HeldConnection};
use serde::Deserialize;

use crate::connection_sharing::{Sharing, name_of};
use crate::error::{ErrorPage, NoSuch, show};
use crate::frame::{Frame, Section};
use crate::pages::{Choice, chosen, wants_json};
use crate::state::Console;
use crate::when::{When, with_times_for_people};
use crate::words::brief;

/// The resource group of the connections that the lab makes, and can fix.
const LAB_GROUP: &str = "lab";

/// The query of the page.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    tenant: Option<String>,
    /// The name of the connection of which the page shows who may use it.
    share: Option<String>,
}

#[derive(Template)]
#[template(path = "connections.html")]
struct ConnectionsPage {
    frame: Frame,
    title: String,
    below: &'static str,
    has_more: bool,
    /// Who may use the opened connection.
    sharing: Option<Sharing>,
    /// A connection that can be shared, while none is: its name and what it is called.
    offer: Option<(String, String)>,
    rows: Vec<ConnectionView>,
}

struct ConnectionView {
    id: String,
    name: String,
    display_name: String,
    connector: String,
    owner: String,
    /// The users with whom it is shared.
    shared_with: Vec<String>,
    can_be_shared: bool,
    sign_in: &'static str,
    style: &'static str,
    icon: &'static str,
    status: &'static str,
    reason: String,
    token: Option<String>,
    changed: When,
    can_be_fixed: bool,
}

pub(crate) async fn connections(
    State(console): State<Console>,
    query: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ErrorPage> {
    let asked = query.map(|Query(asked)| asked).unwrap_or_default();
    let tenant = match chosen(&console, Choice { tenant: asked.tenant }).await? {
        Ok(tenant) => tenant,
        Err(list) => return Ok(list),
    };
    let (tenants, credentials, clock, held) = tokio::try_join!(
        console.lab.tenants(),
        console.lab.tenant(tenant),
        console.lab.clock(tenant),
        console.lab.connections(tenant),
    )?;
    let opened = asked
        .share
        .as_ref()
        .and_then(|name| held.connections.iter().find(|one| one.name == *name && one.group == LAB_GROUP));
    if asked.share.is_some() && opened.is_none() {
        let back = format!("/connections?tenant={tenant}");
        return Ok(NoSuch { what: "connection", back, label: "All connections" }.respond());
    }
    if wants_json(&headers) {
        return Ok(Json(held).into_response());
    }
    let frame = Frame::of(&console, &headers, Section::Connections, &credentials, &clock, &tenants, "");
    let broken = held.connections.iter().filter(|one| one.status != "Connected").count();
    let title = match (broken, held.connections.len()) {
        (_, 0) => "There is no connection.".to_owned(),
        (0, _) => "Every connection is connected.".to_owned(),
        (1, _) => "One connection has to be fixed.".to_owned(),
        (broken, _) => format!("{broken} connections have to be fixed."),
    };
    let rows: Vec<_> = held.connections.iter().map(|one| view(one, &credentials, clock.now)).collect();
    let is_any_shared = rows.iter().any(|row| !row.shared_with.is_empty());
    let offered = rows.iter().find(|row| row.can_be_shared && !is_any_shared);
    let page = ConnectionsPage {
        title,
        sharing: opened.map(|one| Sharing::of(one, &credentials)),
        offer: offered.map(|row| (row.name.clone(), row.display_name.clone())),
        below: "Connected means that the last sign-in or refresh succeeded; the hub notices a revocation at the next refresh.",
        has_more: held.has_more,
        rows,
        frame,
    };
    Ok(page.frame.respond(show(&page)))
}

fn view(held: &HeldConnection, tenant: &TenantCredentials, now: Instant) -> ConnectionView {
    let (style, icon, status) = match (held.status.as_str(), held.enabled) {
        (_, false) => ("is-idle", "i-idle", "Disabled"),
        ("Connected", true) => ("is-alive", "i-check", "Connected"),
        _ => ("is-revoked", "i-cross", "Needs sign-in"),
    };
    let owner = tenant.users.iter().find(|user| user.id == held.owner);
    let stores_secret = matches!(held.sign_in, ConnectionSignIn::Password | ConnectionSignIn::Key);
    ConnectionView {
        id: held.id.clone(),
        name: held.name.clone(),
        display_name: held.display_name.clone(),
        connector: held.connector.clone(),
        owner: owner.map_or_else(|| held.owner.clone(), |user| user.upn.clone()),
        shared_with: held.shared_with.iter().map(|id| name_of(id, tenant)).collect(),
        can_be_shared: held.group == LAB_GROUP && owner.is_some(),
        sign_in: match held.sign_in {
            ConnectionSignIn::OAuth if held.refresh_token.is_some() => "a refresh token",
            ConnectionSignIn::OAuth => "tokens, without a refresh token",
            ConnectionSignIn::ManagedIdentity => "nothing: calls use the flow’s identity",
            ConnectionSignIn::Password => "a name and a password",
            ConnectionSignIn::Key => "a key",
            ConnectionSignIn::None => "nothing that signs in",
        },
        style,
        icon,
        status,
        reason: held
            .message
            .as_deref()
            .map(|text| with_times_for_people(&brief(text), now))
            .unwrap_or_default(),
        token: held.refresh_token.clone(),
        changed: When::of(held.changed, now),
        can_be_fixed: held.group == LAB_GROUP
            && (status == "Needs sign-in" || stores_secret)
            && owner.is_some(),
    }
}
