//! Single sign-out (OpenID Connect RP-Initiated Logout; reference: "Logout"). It ends this browser's session and nothing else:
//! tokens that were issued live on.

use axum::response::{IntoResponse, Response};
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};
use outlive_journal::Event;
use outlive_store::Change;
use serde_json::json;
use url::Url;

use crate::pages;
use crate::refusal::Refusal;
use crate::visit::Visit;

pub(crate) async fn logout(visit: Visit) -> Response {
    let result = visit.sign_out().await;
    visit.page(result).await
}

impl Visit {
    async fn sign_out(&self) -> Result<Response, Refusal> {
        let parameters = &self.parameters;
        let client = parameters.get("client_id").and_then(|id| id.parse().ok());
        let tenant = self.idp.tenant(&self.segment, client).await?;
        let now = self.idp.now(tenant.id).await?;
        if let Some((session, user)) = self.session_of_browser(tenant.id).await?
            && session.ended_at.is_none()
        {
            let mut change = Change::from(session.end(tenant.id, now));
            let event =
                Event::new(tenant.id, now, "sign_out", format!("user:{}", session.user_id), &self.trace)
                    .with(json!({"session": session.id, "upn": user.map(|user| user.upn)}))
                    .about([session.id]);
            change.append(self.idp.chassis.journal.entry(&event));
            self.idp.directory.commit(tenant.id, change).await?;
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
        Ok(pages::message(
            StatusCode::OK,
            "You are signed out",
            "Close the browser window, or sign in again.",
        ))
    }
}
