//! The registered addresses of a service, when its origin changes:
//! `/_lab/tenants/{t}/moved-origin`.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use http::StatusCode;
use outlive_chassis::{Problem, Trace};
use outlive_journal::Event;
use outlive_store::Change;
use outlive_wire::events::ApplicationUpdated;
use outlive_wire::{MovedOrigin, Subject};

use crate::directory::{Application, Directory, event_stream};
use crate::idp::Idp;

const NO_ORIGINS: &str = "'from' and 'to' are origins, such as http://127.0.0.1:8702.";
/// The number of applications that are read at a time.
const PAGE: u32 = 100;

/// `POST`: replaces an origin in the redirect URIs and logout URLs of all applications. Repeating
/// the call changes nothing.
pub(crate) async fn follow(
    State(idp): State<Idp>,
    Path(tenant): Path<String>,
    trace: Trace,
    body: Result<Json<MovedOrigin>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let Json(origin) = body?;
    if !origin.is_valid() {
        return Err(Problem::bad_request(NO_ORIGINS));
    }
    let tenant = idp.lab_tenant(&tenant).await?;
    let now = idp.chassis.clocks.now(tenant.id).await?;
    let directory: &Directory = &idp.directory;
    let mut after = String::new();
    loop {
        let page = directory.applications_after(tenant.id, &after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(StatusCode::NO_CONTENT) };
        after = last.client_id.to_string();
        let mut change = Change::new();
        for before in &page {
            let Some(moved) = moved(before, &origin) else { continue };
            change.append(moved.update(before, tenant.id));
            let (client_id, client_name) = (Some(moved.client_id), moved.name.clone());
            let updated = ApplicationUpdated { client_id, client_name, actor: None };
            let subject = Subject::client(moved.client_id);
            let event = Event::new(tenant.id, now, subject, &trace, updated);
            change.append(idp.chassis.journal.entry(&event));
        }
        directory.commit(tenant.id, change).await?;
    }
}

/// `POST …/moved-event-streams`: replaces an origin in the endpoints of event streams. Not together
/// with redirect URIs: the new origin of one service can be the former one of another.
pub(crate) async fn follow_event_streams(
    State(idp): State<Idp>,
    Path(tenant): Path<String>,
    body: Result<Json<MovedOrigin>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let Json(origin) = body?;
    if !origin.is_valid() {
        return Err(Problem::bad_request(NO_ORIGINS));
    }
    let tenant = idp.lab_tenant(&tenant).await?.id;
    let mut change = Change::new();
    for (client, endpoint) in event_stream::endpoints(&idp.chassis.store, tenant).await? {
        if let Some(new) = origin.replaced(&endpoint) {
            change.add(event_stream::move_endpoint(tenant, client, &new));
        }
    }
    idp.directory.commit(tenant, change).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Returns the application with the new origin; `None` if it does not name the old one.
fn moved(before: &Application, origin: &MovedOrigin) -> Option<Application> {
    let mut after = before.clone();
    let mut is_moved = false;
    let document = after.document_mut();
    let redirects = document.redirect_uris.iter_mut().map(|redirect| &mut redirect.uri);
    for uri in redirects.chain(&mut document.logout_url) {
        if let Some(new) = origin.replaced(uri) {
            *uri = new;
            is_moved = true;
        }
    }
    is_moved.then_some(after)
}
