//! Requests tokens from an issuer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, ORIGIN};
use http::{HeaderValue, Method};
use outlive_chassis::{Problem, SendError, Trace, came_too_late};
use outlive_clock::{Instant, Span, TenantId, wall_now};
use outlive_tokens::Secret;
use url::{Url, form_urlencoded};
use uuid::Uuid;

use super::token_response::{self, Granted, TokenFailure, redacted};
use crate::back_end::Unreachable;
use crate::client_key::client_assertion;
use crate::connector::{ClientAuthentication, Connector, TokenBody, TokenRequest};
use crate::{Hub, read_body};

const RESPONSE_BYTES_MAX: usize = 256 * 1024;
/// The time limit of a token request with both ways of authentication (wall time): less than the
/// lease of a refresh.
const TIME_LIMIT: Span = Span::from_seconds(30);
/// What is left to the second way at least.
const TIME_LEFT_MIN: Span = Span::from_seconds(2);

/// Why a token request without a response failed.
const UNREACHABLE: &str = "the token endpoint cannot be reached";

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Errors that concern the grant: the client was authenticated, so that another way of
/// authentication cannot help.
const OF_GRANT: [&str; 4] = ["invalid_grant", "invalid_scope", "unsupported_grant_type", "access_denied"];

/// Where token requests come from.
#[derive(Clone, Copy)]
pub(crate) struct TokenCall<'a> {
    pub(crate) hub: &'a Hub,
    pub(crate) tenant: TenantId,
    pub(crate) connector: &'a Connector,
    /// Sent as `client-request-id`, which the issuer repeats in its errors.
    pub(crate) correlation: Uuid,
    pub(crate) now: Instant,
    pub(crate) trace: &'a Trace,
}

/// Where the client secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place<'a> {
    Nowhere,
    Body(&'a str, &'a Secret),
    Header(&'a str, &'a Secret),
    Assertion(&'a str, &'a Secret),
}

impl Place<'_> {
    /// The documented words for it.
    const fn words(self) -> &'static str {
        match self {
            Self::Nowhere | Self::Assertion(..) => "",
            Self::Body(..) => "Client ID and secret sent in form body.",
            Self::Header(..) => "Client ID and secret sent in Basic authorization header.",
        }
    }
}

impl TokenCall<'_> {
    /// Sends a token request and parses the response. If the issuer rejects the client secret in
    /// the body, sends it in a Basic header.
    ///
    /// # Errors
    /// When the connector's issuer is not one that this installation reaches.
    pub(crate) async fn send(
        &self,
        request: &TokenRequest,
    ) -> Result<Result<Granted, TokenFailure>, Problem> {
        let endpoint = self.hub.config.token_endpoint(&request.url, self.tenant);
        let endpoint = endpoint.map_err(|problem| without_secrets(problem, &request.secrets))?;
        let assertion;
        let (first, second) = match &request.authentication {
            ClientAuthentication::Certificate { client_id } => {
                assertion = self.assertion(client_id, &request.url)?;
                (Place::Assertion(client_id, &assertion), None)
            }
            ClientAuthentication::None => (Place::Nowhere, None),
            ClientAuthentication::Secret { client_id, secret, then_basic } => {
                let second = then_basic.then_some(Place::Header(client_id, secret));
                (Place::Body(client_id, secret), second)
            }
            ClientAuthentication::Basic { client_id, secret } => {
                (Place::Nowhere, Some(Place::Header(client_id, secret)))
            }
        };
        let started = wall_now();
        let outcome = self.send_once(&endpoint, request, first, TIME_LIMIT).await?;
        let (Some(second), Err(TokenFailure::Refused { attempts, error })) = (second, &outcome) else {
            return Ok(outcome);
        };
        if OF_GRANT.contains(&error.as_str()) {
            return Ok(outcome);
        }
        let mut before = attempts.clone();
        let left = (TIME_LIMIT - (wall_now() - started)).max(TIME_LEFT_MIN);
        Ok(match self.send_once(&endpoint, request, second, left).await? {
            Err(TokenFailure::Refused { attempts, error }) => {
                before.extend(attempts);
                Err(TokenFailure::Refused { attempts: before, error })
            }
            other => other,
        })
    }

    /// Signs an assertion with the connector's key.
    fn assertion(&self, client_id: &str, named: &Url) -> Result<Secret, Problem> {
        let key = self.connector.client_keys.active(self.now).ok_or_else(|| {
            let name = &self.connector.name;
            Problem::bad_request(format!(
                "The connector '{name}' has no certificate. Save the connector again."
            ))
        })?;
        // The issuer knows itself by the address at which browsers reach it.
        let audience = self.hub.config.authorize_endpoint(named, self.tenant)?;
        let id = self.hub.random(self.tenant, "client-assertion").uuid();
        Ok(client_assertion(key, client_id, audience.as_str(), id, self.now))
    }

    async fn send_once(
        &self,
        endpoint: &Url,
        request: &TokenRequest,
        place: Place<'_>,
        limit: Span,
    ) -> Result<Result<Granted, TokenFailure>, Problem> {
        let failed = |error: &SendError| TokenFailure::Transient {
            timed_out: error.is_timeout(),
            why: UNREACHABLE.to_owned(),
        };
        let forbidden = |unreachable: Unreachable| {
            without_secrets(Problem::bad_request(unreachable.to_string()), &request.secrets)
        };
        let (body, content_type) = body(&request.body, place);
        let call = if self.hub.config.is_own_issuer(&request.url) {
            self.hub.chassis.http.request(self.trace, Method::POST, endpoint)
        } else {
            self.hub.back_ends.request(self.trace, Method::POST, &request.url).map_err(forbidden)?
        };
        let mut call = call
            .timeout(limit.to_std())
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, content_type)
            .header("client-request-id", self.correlation.to_string())
            .header("return-client-request-id", "true");
        if let Place::Header(client_id, secret) = place {
            call = call.header(AUTHORIZATION, basic(client_id, secret));
        }
        if let Some(origin) = &request.origin {
            call = call.header(ORIGIN, origin);
        }
        let mut response = match call.body(body).send().await {
            Ok(response) => response,
            Err(error) => {
                return match Unreachable::caused(&error, &request.url) {
                    Some(unreachable) => Err(forbidden(unreachable)),
                    None => Ok(Err(failed(&error))),
                };
            }
        };
        if came_too_late(response.headers_mut(), limit.to_std()) {
            return Ok(Err(TokenFailure::Transient { timed_out: true, why: UNREACHABLE.to_owned() }));
        }
        let status = response.status();
        let body = match read_body(response, RESPONSE_BYTES_MAX).await {
            Ok(body) => body,
            Err(Some(error)) => return Ok(Err(failed(&error))),
            Err(None) => return Ok(Err(TokenFailure::transient("the token response is too long"))),
        };
        let outcome = token_response::read(status, &String::from_utf8_lossy(&body), self.now);
        let mut secrets = request.secrets.clone();
        if let Place::Header(client_id, secret) | Place::Body(client_id, secret) = place {
            secrets.push(Secret::new(encoded(client_id, secret)));
        }
        Ok(outcome.map_err(|failure| failure.authenticated_by(place.words()).without(&secrets)))
    }
}

/// Removes secrets that a template of the connector put into an address.
pub(crate) fn without_secrets(mut problem: Problem, secrets: &[Secret]) -> Problem {
    problem.message = redacted(&problem.message, secrets);
    problem
}

fn body(body: &TokenBody, place: Place<'_>) -> (String, &'static str) {
    match body {
        TokenBody::Template { text, content_type } => (text.expose().to_owned(), content_type),
        TokenBody::Form(form) => {
            let mut encoded = form_urlencoded::Serializer::new(String::new());
            for (name, value) in form {
                encoded.append_pair(name, value.expose());
            }
            if let Place::Body(client_id, secret) = place {
                encoded.append_pair("client_id", client_id).append_pair("client_secret", secret.expose());
            }
            if let Place::Assertion(client_id, assertion) = place {
                encoded
                    .append_pair("client_id", client_id)
                    .append_pair("client_assertion_type", JWT_BEARER)
                    .append_pair("client_assertion", assertion.expose());
            }
            (encoded.finish(), "application/x-www-form-urlencoded")
        }
    }
}

/// Returns the credentials of a client for the header (RFC 6749 §2.3.1: both parts are
/// form-encoded).
fn encoded(client_id: &str, secret: &Secret) -> String {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    STANDARD.encode(format!("{}:{}", encode(client_id), encode(secret.expose())))
}

fn basic(client_id: &str, secret: &Secret) -> HeaderValue {
    let mut value = HeaderValue::try_from(format!("Basic {}", encoded(client_id, secret)))
        .expect("base64 contains only characters that are valid in a header");
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::lease::LEASE;

    #[test]
    fn both_ways_of_authentication_end_before_the_lease() {
        assert!(TIME_LIMIT + TIME_LEFT_MIN < LEASE);
    }

    #[test]
    fn a_basic_header_contains_form_encoded_parts() {
        let header = basic("a:b+c", &Secret::new("d é&"));
        let encoded = header.to_str().ok().and_then(|text| text.strip_prefix("Basic ")).expect("printable");
        assert_eq!(STANDARD.decode(encoded).expect("base64"), b"a%3Ab%2Bc:d+%C3%A9%26");
        assert!(header.is_sensitive());
    }
}
