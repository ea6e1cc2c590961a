//! A request as it came in, taken apart once for every endpoint that speaks in queries and forms.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method};
use outlive_chassis::{CallerOrigin, Trace};

use crate::form::Parameters;
use crate::idp::Idp;
use crate::pages;
use crate::refusal::Refusal;

/// A request to an endpoint under a tenant's path.
pub(crate) struct Visit {
    pub(crate) idp: Idp,
    /// The tenant as the path names it.
    pub(crate) segment: String,
    pub(crate) method: Method,
    pub(crate) origin: CallerOrigin,
    pub(crate) trace: Trace,
    pub(crate) headers: HeaderMap,
    /// The form of a POST, the query of anything else.
    pub(crate) parameters: Parameters,
}

impl FromRequest<Idp> for Visit {
    type Rejection = Response;

    async fn from_request(request: Request, idp: &Idp) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let Path(segment) =
            Path::<String>::from_request_parts(&mut parts, idp).await.map_err(IntoResponse::into_response)?;
        let Ok(origin) = CallerOrigin::from_request_parts(&mut parts, idp).await;
        let Ok(trace) = Trace::from_request_parts(&mut parts, idp).await;
        let (method, headers) = (parts.method.clone(), parts.headers.clone());
        let parameters = if method == Method::POST {
            let body = Bytes::from_request(Request::from_parts(parts, body), idp).await;
            Parameters::parse(&body.map_err(IntoResponse::into_response)?)
        } else {
            Parameters::parse(parts.uri.query().unwrap_or_default().as_bytes())
        };
        Ok(Self { idp: idp.clone(), segment, method, origin, trace, headers, parameters })
    }
}

impl Visit {
    /// A page that tells the person what was refused.
    pub(crate) async fn refusal_page(&self, refusal: &Refusal) -> Response {
        pages::refusal(refusal, &self.idp.asked(&self.trace, &self.origin, None).await)
    }

    /// The result as an answer; a refusal as a page.
    pub(crate) async fn page(&self, result: Result<Response, Refusal>) -> Response {
        match result {
            Ok(response) => response,
            Err(refusal) => self.refusal_page(&refusal).await,
        }
    }
}
