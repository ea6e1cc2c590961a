//! `/connections`: every connection of the tenant, of all its users, and who may use each.

use askama::Template;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use serde::Deserialize;

use crate::connection_row::{ConnectionRow, LAB_GROUP};
use crate::connection_sharing::Sharing;
use crate::error::{ErrorPage, NoSuch, show};
use crate::frame::{Frame, Section};
use crate::number_words::{capital, number};
use crate::pages::{Choice, chosen, wants_json};
use crate::state::Console;

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
    rows: Vec<ConnectionRow>,
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
    let (tenants, credentials, clock, held, story) = tokio::try_join!(
        console.lab.tenants(),
        console.lab.tenant(tenant),
        console.lab.clock(tenant),
        console.lab.connections(tenant),
        console.lab.story(tenant),
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
    let rows: Vec<_> =
        held.connections.iter().map(|one| ConnectionRow::of(one, &credentials, &story, clock.now)).collect();
    let broken = rows.iter().filter(|row| row.is_broken()).count();
    let all = if held.has_more { "more than 200".to_owned() } else { number(rows.len()) };
    let title = match (broken, rows.len()) {
        (_, 0) => "There is no connection.".to_owned(),
        (0, _) => "Every connection is connected.".to_owned(),
        (1, 1) => "The connection needs its owner.".to_owned(),
        (1, _) => format!("One of {all} connections needs its owner."),
        (broken, _) => format!("{} of {all} connections need their owner.", capital(&number(broken))),
    };
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
