//! `/directory/keys`: the signing keys of the tenant's issuer.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use outlive_wire::counted;
use outlive_wire::directory::{DirectoryKeyState, DirectoryKeys};

use super::area::{AREAS, Area};
use super::visit::{AskedQuery, Visit, or_return};
use crate::error::{ErrorPage, show};
use crate::frame::Frame;
use crate::state::Console;
use crate::when::When;

#[derive(Template)]
#[template(path = "directory/keys.html")]
struct KeysPage {
    frame: Frame,
    area: Area,
    title: String,
    jwks_url: String,
    rows: Vec<KeyRow>,
    every: Option<String>,
    next: Option<When>,
}

struct KeyRow {
    kid: String,
    state: &'static str,
    style: &'static str,
    icon: &'static str,
    since: Option<When>,
}

pub(super) async fn list(
    State(console): State<Console>,
    headers: HeaderMap,
    query: AskedQuery,
) -> Result<Response, ErrorPage> {
    let visit = or_return!(Visit::begin(console, headers, query).await?);
    let (frame, found) = or_return!(visit.read::<DirectoryKeys>(&["keys"], "list of keys").await?);
    let now = frame.now();
    let active = found.keys.iter().find(|key| key.state == DirectoryKeyState::Active);
    let title = match active.and_then(|key| key.since) {
        Some(since) => {
            format!("The signing key was rotated: another signs since {}", When::of(since, now).shown)
        }
        None => "The same key has signed all tokens of this tenant".to_owned(),
    };
    let rows = found.keys.iter().map(|key| {
        let (state, style, icon) = match key.state {
            DirectoryKeyState::Next => ("Next", "is-idle", "i-clock"),
            DirectoryKeyState::Active => ("Signs", "is-alive", "i-key"),
            DirectoryKeyState::Retired => ("Retired", "is-expired", "i-expired"),
        };
        KeyRow { kid: key.kid.clone(), state, style, icon, since: key.since.map(|at| When::of(at, now)) }
    });
    let page = KeysPage {
        area: Area::Keys,
        title,
        jwks_url: format!("{}/{}/discovery/v2.0/keys", frame.tenant.idp, visit.tenant),
        rows: rows.collect(),
        every: found.every.map(|every| in_days(every.as_seconds())),
        next: found.next_rotation.map(|at| When::of(at, now)),
        frame,
    };
    Ok(page.frame.respond(show(&page)))
}

/// An interval of rotations, which is a day at least.
fn in_days(seconds: i64) -> String {
    match (seconds / 86_400, seconds % 86_400) {
        (1, 0) => "every day".to_owned(),
        (days, 0) => format!("every {days} days"),
        _ => format!("every {}", counted(seconds / 3_600, "hour")),
    }
}
