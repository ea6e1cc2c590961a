//! Authorization responses (OAuth 2.0 Multiple Response Type Encoding Practices; Form Post Response
//! Mode).

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, LOCATION};
use http::{HeaderValue, StatusCode};
use outlive_rules::aadsts::{OauthError, Suberror};
use url::Url;

use crate::protocol::refusal::{Refusal, RequestDetails};
use crate::sign_in::pages;

/// How the response parameters are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResponseMode {
    /// In the query of the redirect URI.
    Query,
    /// In the fragment of the redirect URI.
    Fragment,
    /// In a form that the browser posts to the redirect URI.
    FormPost,
}

/// A redirect URI that is registered for the client, with the response mode and `state`.
#[derive(Debug, Clone)]
pub(crate) struct ReplyTo {
    pub(crate) redirect_uri: String,
    pub(crate) mode: ResponseMode,
    pub(crate) state: Option<String>,
}

impl ReplyTo {
    /// Sends these parameters and `state` to the client.
    pub(crate) fn send(&self, mut parameters: Vec<(&'static str, String)>) -> Response {
        if let Some(state) = &self.state {
            parameters.push(("state", state.clone()));
        }
        if self.mode == ResponseMode::FormPost {
            return pages::form_post(&self.redirect_uri, &parameters);
        }
        let Some(location) = self.location(&parameters) else {
            return StatusCode::BAD_REQUEST.into_response();
        };
        (StatusCode::FOUND, [(LOCATION, location), (CACHE_CONTROL, HeaderValue::from_static("no-store"))])
            .into_response()
    }

    fn location(&self, parameters: &[(&'static str, String)]) -> Option<HeaderValue> {
        let mut url = Url::parse(&self.redirect_uri).ok()?;
        if self.mode == ResponseMode::Query {
            url.query_pairs_mut().extend_pairs(parameters);
        } else {
            let fragment =
                url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
            url.set_fragment(Some(&fragment));
        }
        HeaderValue::try_from(url.as_str()).ok()
    }

    /// Sends an error response to the client.
    pub(crate) fn refuse(&self, refusal: &Refusal, details: &RequestDetails) -> Response {
        self.refuse_as(error_here(refusal).as_str(), refusal, details)
    }

    /// Sends an error response with an endpoint-specific `error`.
    pub(crate) fn refuse_as(&self, error: &str, refusal: &Refusal, details: &RequestDetails) -> Response {
        let mut parameters =
            vec![("error", error.to_owned()), ("error_description", refusal.description(details))];
        parameters.extend(refusal.error_uri(details).map(|uri| ("error_uri", uri)));
        self.send(parameters)
    }
}

/// Returns the `error` of a refusal at this endpoint. There is no `invalid_grant` here, because no
/// grant was presented; the user has to interact (OpenID Connect Core 1.0, section 3.1.2.6).
fn error_here(refusal: &Refusal) -> OauthError {
    match (refusal.error.error, refusal.error.suberror) {
        _ if refusal.is_about_a_parameter() => OauthError::InvalidRequest,
        (OauthError::InvalidGrant, Some(Suberror::ConsentRequired)) => OauthError::ConsentRequired,
        (OauthError::InvalidGrant, _) => OauthError::InteractionRequired,
        (other, _) => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(redirect_uri: &str, mode: ResponseMode) -> String {
        let reply = ReplyTo { redirect_uri: redirect_uri.to_owned(), mode, state: None };
        reply.location(&[("code", "a b&c".to_owned())]).unwrap().to_str().unwrap().to_owned()
    }

    #[test]
    fn an_answer_is_added_to_what_the_redirect_uri_has() {
        assert_eq!(
            location("http://localhost:1/cb?x=1", ResponseMode::Query),
            "http://localhost:1/cb?x=1&code=a+b%26c"
        );
        assert_eq!(location("http://localhost:1", ResponseMode::Query), "http://localhost:1/?code=a+b%26c");
        assert_eq!(
            location("http://localhost:1/cb", ResponseMode::Fragment),
            "http://localhost:1/cb#code=a+b%26c"
        );
        assert_eq!(
            location("http://localhost:1", ResponseMode::Fragment),
            "http://localhost:1/#code=a+b%26c"
        );
        assert_eq!(location("myapp://auth", ResponseMode::Query), "myapp://auth?code=a+b%26c");
    }
}
