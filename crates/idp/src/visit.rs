//! A parsed request, shared by all endpoints with queries and forms.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method};
use outlive_chassis::{CallerOrigin, Trace};

use crate::idp::Idp;
use crate::protocol::form::Parameters;
use crate::protocol::refusal::RequestDetails;

/// A request to an endpoint below a tenant's path.
pub(crate) struct Visit {
    pub(crate) idp: Idp,
    /// The tenant segment of the path.
    pub(crate) segment: String,
    pub(crate) method: Method,
    pub(crate) origin: CallerOrigin,
    pub(crate) trace: Trace,
    pub(crate) headers: HeaderMap,
    /// The form of a POST request, the query of any other.
    pub(crate) parameters: Parameters,
}

impl FromRequest<Idp> for Visit {
    type Rejection = Response;

    async fn from_request(request: Request, idp: &Idp) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let path = RawPathParams::from_request_parts(&mut parts, idp).await;
        let segment =
            path.as_ref().ok().and_then(|path| path.iter().next()).map(|(_, segment)| segment.to_owned());
        // A segment that is not UTF-8 names no tenant; the endpoint reports that in its own format.
        let segment = segment.unwrap_or_else(|| char::REPLACEMENT_CHARACTER.to_string());
        let Ok(origin) = CallerOrigin::from_request_parts(&mut parts, idp).await;
        let Ok(mut trace) = Trace::from_request_parts(&mut parts, idp).await;
        let (method, headers) = (parts.method.clone(), parts.headers.clone());
        let parameters = if method == Method::POST {
            let body = Bytes::from_request(Request::from_parts(parts, body), idp).await;
            Parameters::parse(&body.map_err(IntoResponse::into_response)?)
        } else {
            Parameters::parse(parts.uri.query().unwrap_or_default().as_bytes())
        };
        // Clients that cannot set headers, as when navigating to a page, send the correlation id as
        // a parameter.
        let correlation = parameters.get("client-request-id").and_then(|text| text.parse().ok());
        trace.client_request_id = correlation.or(trace.client_request_id);
        Ok(Self { idp: idp.clone(), segment, method, origin, trace, headers, parameters })
    }
}

impl Visit {
    /// Returns the request details for an error response, in the time of the request's tenant if it
    /// is known.
    pub(crate) async fn request_details(&self) -> RequestDetails {
        let client = self.parameters.get("client_id").and_then(|id| id.parse().ok());
        let tenant = self.idp.tenant(&self.segment, client).await.ok();
        self.idp.request_details(&self.trace, &self.origin, tenant.map(|tenant| tenant.id)).await
    }
}
