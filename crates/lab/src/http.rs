//! The HTTP client of the lab: bounded bodies, and errors that name the failed call.

use std::sync::Arc;
use std::time::Duration;

use outlive_chassis::{HttpClient, RequestBuilder, SendError, Trace, came_too_late};
use reqwest::Method;
use reqwest::header::{HOST, HeaderMap};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::services::{Origins, Service};

/// Maximum length of a response body.
const LONGEST_BODY_BYTES: usize = 16 * 1024 * 1024;

/// How late a response may be in virtual time, as a fault says: as in wall time.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// The prefix of the problem of a call without a response.
const NO_ANSWER: &str = "got no answer: ";

/// A failed call.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{call} {problem}")]
pub struct CallError {
    /// Method and address, without its query.
    pub call: String,
    /// What went wrong.
    pub problem: String,
    /// The HTTP status, if there was a response.
    pub status: Option<u16>,
}

impl CallError {
    /// Whether the same call may succeed later: there was no response, or the service is
    /// temporarily unavailable.
    pub const fn is_temporary(&self) -> bool {
        matches!(self.status, None | Some(429 | 500 | 502 | 503 | 504))
    }

    /// Returns the failure without the address of the internal call: of a refusal, the message of
    /// the service.
    pub(crate) fn reason(&self) -> String {
        let is_refusal = matches!(self.status, Some(400..=499));
        let message = self.problem.strip_prefix("answered ").and_then(|rest| rest.split_once(": "));
        match (message, self.problem.strip_prefix(NO_ANSWER)) {
            (Some((_, message)), _) if is_refusal => message.to_owned(),
            (_, Some(why)) => format!("A service does not answer ({why})."),
            _ => format!("A service {}.", self.problem.trim_end_matches('.')),
        }
    }

    /// Returns the failure as a message about the service, without the URL of the internal call.
    pub(crate) fn of_service(&self, service: Service) -> String {
        match self.problem.strip_prefix(NO_ANSWER) {
            Some(why) => format!("The {service} service does not answer ({why})"),
            None => format!("The {service} service {}", self.problem),
        }
    }
}

/// A complete response.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Method and address of the call, without its query.
    pub call: String,
    /// HTTP status.
    pub status: u16,
    pub headers: HeaderMap,
    /// Body as text.
    pub body: String,
}

impl Answer {
    /// Returns the body as JSON, or `null` if it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    /// Returns the value of a header, empty if it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    /// Parses the body, if the call succeeded (2xx).
    ///
    /// # Errors
    /// Another status, or an unexpected body.
    pub fn expect<T: DeserializeOwned>(&self) -> Result<T, CallError> {
        if !(200..300).contains(&self.status) {
            return Err(self.refused());
        }
        let body = if self.body.is_empty() { "null" } else { &self.body };
        serde_json::from_str(body).map_err(|error| CallError {
            call: self.call.clone(),
            problem: format!("answered {} with an unexpected body: {error}", self.status),
            status: Some(self.status),
        })
    }

    /// Returns the response as an error, with its message.
    pub fn refused(&self) -> CallError {
        let json = self.json();
        let message = ["/error/message", "/error_description", "/message"]
            .iter()
            .find_map(|pointer| json.pointer(pointer).and_then(Value::as_str))
            .map_or_else(|| excerpt(&self.body), excerpt);
        CallError {
            call: self.call.clone(),
            problem: format!("answered {}: {message}", self.status),
            status: Some(self.status),
        }
    }
}

/// Returns the beginning of a text, with white space collapsed, for messages.
pub(crate) fn excerpt(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(1_000).collect()
}

/// Sends a request and reads the response.
pub(crate) async fn send(request: RequestBuilder) -> Result<Answer, CallError> {
    send_within(request, LONGEST_BODY_BYTES).await
}

/// [`send`] with another maximum length of the response body.
pub(crate) async fn send_within(request: RequestBuilder, longest_bytes: usize) -> Result<Answer, CallError> {
    let call = format!("{} {}", request.method(), without_query(request.url()));
    let failed = |error: SendError| {
        let is_builder = error.is_builder();
        let call = if is_builder { "a request".to_owned() } else { call.clone() };
        let problem = if is_builder { format!("cannot be built: {error}") } else { cause(&error) };
        CallError { call, problem, status: None }
    };
    let mut response = request.send().await.map_err(failed)?;
    if came_too_late(response.headers_mut(), ANSWER_WITHIN) {
        return Err(CallError { call, problem: format!("{NO_ANSWER}operation timed out"), status: None });
    }
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failed(error.into()))? {
        if body.len() + chunk.len() > longest_bytes {
            let problem = format!("answered with more than {longest_bytes} bytes");
            return Err(CallError { call, problem, status: Some(status) });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { call, status, headers, body: String::from_utf8_lossy(&body).into_owned() })
}

/// Returns the innermost cause of a transport error; the outer ones only repeat the URL.
fn cause(error: &SendError) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let text = innermost.to_string();
    // The number of the error in the operating system is omitted.
    let text = text.rfind(" (os error ").map_or(text.as_str(), |end| &text[..end]);
    format!("{NO_ANSWER}{text}")
}

fn without_query(url: &str) -> &str {
    url.split_once('?').map_or(url, |(url, _)| url)
}

/// The HTTP client of the lab. All calls of one instance belong to one trace.
///
/// It addresses every service by its public origin. Where the lab reaches a service by an internal
/// name (in containers), it connects to that and keeps the public `Host`.
#[derive(Clone, Debug)]
pub struct Http {
    client: HttpClient,
    trace: Trace,
    routes: Arc<[Route]>,
}

/// A public origin with the internal origin that replaces it.
#[derive(Clone, Debug)]
struct Route {
    public: String,
    host: String,
    server: String,
}

impl Http {
    /// Creates a client whose calls belong to `trace`.
    pub fn new(client: HttpClient, trace: Trace) -> Self {
        Self { client, trace, routes: Arc::new([]) }
    }

    /// Returns the client with routes from the services' public origins to their internal ones.
    #[must_use]
    pub fn reaching(self, origins: &Origins) -> Self {
        let routes = Service::ALL
            .into_iter()
            .map(|service| origins.of(service))
            .filter(|origin| origin.public != origin.server)
            .filter_map(|origin| {
                let host = url::Url::parse(&origin.public).ok()?.authority().to_owned();
                Some(Route { public: origin.public.clone(), host, server: origin.server.clone() })
            })
            .collect();
        Self { routes, ..self }
    }

    /// Returns a client for another trace.
    pub(crate) fn traced(&self, trace: Trace) -> Self {
        Self { trace, ..self.clone() }
    }

    pub(crate) fn trace_id(&self) -> &str {
        &self.trace.trace_id
    }

    pub(crate) fn request(&self, method: Method, url: &str) -> RequestBuilder {
        let route = self.routes.iter().find_map(|route| {
            let rest = url.strip_prefix(&route.public)?;
            (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((route, rest))
        });
        match route {
            None => self.client.request(&self.trace, method, url),
            Some((route, rest)) => self
                .client
                .request(&self.trace, method, format!("{}{rest}", route.server))
                .header(HOST, &route.host),
        }
    }

    pub(crate) async fn get(&self, url: &str) -> Result<Answer, CallError> {
        send(self.request(Method::GET, url)).await
    }

    pub(crate) async fn send_json(
        &self,
        method: Method,
        url: &str,
        body: &Value,
    ) -> Result<Answer, CallError> {
        send(self.request(method, url).json(body)).await
    }
}

#[cfg(test)]
mod tests {
    use outlive_clock::Randomness;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;
    use crate::services::Origin;

    #[test]
    fn requests_are_routed_to_the_internal_origin_and_keep_the_public_host() {
        let same = || Origin::same("http://127.0.0.1:8702");
        let origins = Origins {
            idp: Origin::split("http://idp:8701", "http://127.0.0.1:870"),
            idp_tls: None,
            resource_tls: None,
            hub: same(),
            resource: same(),
            flow: same(),
        };
        let client = HttpClient::new().expect("can be built");
        let http = Http::new(client, Trace::begin(&Randomness::from_seed(1))).reaching(&origins);
        let built = |url: &str| http.request(Method::GET, url);
        let routed = built("http://127.0.0.1:870/t/authorize?x=1");
        assert_eq!(routed.url(), "http://idp:8701/t/authorize?x=1");
        assert_eq!(routed.header_map()[HOST], "127.0.0.1:870");
        assert_eq!(built("http://127.0.0.1:8702/x").url(), "http://127.0.0.1:8702/x");
        assert_eq!(built("http://127.0.0.1:8701/x").url(), "http://127.0.0.1:8701/x");
    }

    #[tokio::test]
    async fn a_response_that_is_too_late_in_virtual_time_is_none() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("bound"));
        let delays = [29_999, 30_000, 3_600_000];
        tokio::spawn(async move {
            for delay in delays {
                let (mut stream, _) = listener.accept().await.expect("a call");
                let mut received = [0; 2_048];
                let length = stream.read(&mut received).await.expect("a request");
                let received = String::from_utf8_lossy(&received[..length]).to_lowercase();
                assert!(received.contains("outlive-delay: virtual"), "{received}");
                let head = format!("HTTP/1.1 200 OK\r\nOutlive-Delay: {delay}\r\nConnection: close");
                stream
                    .write_all(format!("{head}\r\nContent-Length: 2\r\n\r\n{{}}").as_bytes())
                    .await
                    .expect("sent");
            }
        });
        let http = Http::new(HttpClient::new().expect("a client"), Trace::begin(&Randomness::from_seed(1)));
        for (delay, arrives) in delays.into_iter().zip([true, false, false]) {
            let answer = http.get(&url).await;
            assert_eq!(answer.is_ok(), arrives, "{delay}: {answer:?}");
            if let Err(error) = answer {
                assert!(error.is_temporary() && error.problem.starts_with(NO_ANSWER), "{error}");
            }
        }
    }
}
