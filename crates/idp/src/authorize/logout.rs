//! Single sign-out (OpenID Connect RP-Initiated Logout; reference: "Logout"). It ends this browser's session and nothing else:
//! tokens that were issued live on.

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::header::LOCATION;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use outlive_chassis::{CallerOrigin, Trace};
use outlive_journal::Event;
use outlive_store::Change;
use serde_json::json;
use url::Url;

use super::endpoint::Visit;
use crate::form::Parameters;
use crate::idp::Idp;
use crate::pages;
use crate::refusal::Refusal;

pub(crate) async fn logout(
    State(idp): State<Idp>,
    Path(segment): Path<String>,
    method: Method,
    RawQuery(query): RawQuery,
    origin: CallerOrigin,
    trace: Trace,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let visit = Visit { idp: &idp, origin: &origin, trace: &trace, headers: &headers };
    let text = query.unwrap_or_default();
    let parameters = Parameters::parse(if method == Method::POST { &body } else { text.as_bytes() });
    match visit.sign_out(&segment, &parameters).await {
        Ok(response) => response,
        Err(refusal) => visit.refusal_page(&refusal).await,
    }
}

impl Visit<'_> {
    async fn sign_out(&self, segment: &str, parameters: &Parameters) -> Result<Response, Refusal> {
        let client = parameters.get("client_id").and_then(|id| id.parse().ok());
        let tenant = self.idp.tenant(segment, client).await?;
        let now = self.idp.now(tenant.id).await?;
        if let Some((session, user)) = self.session_of_browser(tenant.id).await?
            && session.ended_at.is_none()
        {
            let mut change = Change::from(session.end(tenant.id, now));
            let event = Event::new(tenant.id, now, "sign_out", format!("user:{}", session.user_id), self.trace)
                .with(json!({"session": session.id, "upn": user.map(|user| user.upn)}));
            change.add(self.idp.chassis.journal.line(&event));
            self.idp.chassis.store.commit(change).await?;
        }
        if let Some(uri) = parameters.get("post_logout_redirect_uri")
            && self.idp.directory.is_redirect_uri(tenant.id, uri).await?
            && let Ok(mut url) = Url::parse(uri)
        {
            if let Some(state) = parameters.get("state") {
                url.query_pairs_mut().append_pair("state", state);
            }
            if let Ok(location) = HeaderValue::try_from(url.as_str()) {
                return Ok((StatusCode::FOUND, [(LOCATION, location)]).into_response());
            }
        }
        Ok(pages::message("You are signed out", "Close the browser window, or sign in again."))
    }
}
