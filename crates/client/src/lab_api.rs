//! Requests to the lab API.

use std::error::Error as _;
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{Error, Problem};

/// Timeout of a request.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A lab, and a client for it. Connections belong to the runtime that opened them, so tests with
/// runtimes of their own have clients of their own.
#[derive(Clone, Debug)]
pub(crate) struct LabApi {
    lab: String,
    http: Client,
}

impl LabApi {
    /// A client for the lab at this address.
    pub(crate) fn new(lab: &str) -> Result<Self, Error> {
        let lab = lab.trim_end_matches('/').to_owned();
        let mut client = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        if lab.starts_with("http://") {
            // Nothing is read from the system's store.
            client = client.tls_certs_only([]);
        }
        let http = client.build();
        let http = http.map_err(|error| Error::Unreachable { lab: lab.clone(), why: cause(&error) })?;
        Ok(Self { lab, http })
    }

    /// The address of the lab.
    pub(crate) fn lab(&self) -> &str {
        &self.lab
    }

    /// A request to a path below `/lab`.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}/lab{path}", self.lab)).timeout(TIMEOUT)
    }

    /// Sends a request, and reads its answer: `null` if it has no body.
    pub(crate) async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Error> {
        let unreachable =
            |error: reqwest::Error| Error::Unreachable { lab: self.lab.clone(), why: cause(&error) };
        let answer = request.send().await.map_err(unreachable)?;
        let status = answer.status();
        let body = answer.text().await.map_err(unreachable)?;
        if !status.is_success() {
            return Err(Error::Rejected(Problem::read(status.as_u16(), &body)));
        }
        let body = if body.is_empty() { "null" } else { &body };
        serde_json::from_str(body).map_err(|error| Error::Unreadable(error.to_string()))
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T, Error> {
        self.send(self.request(Method::POST, path).json(body)).await
    }
}

/// The innermost cause, without the address.
fn cause(error: &reqwest::Error) -> String {
    let mut source = error.source();
    let mut text = if error.is_timeout() { "it took too long".to_owned() } else { error.to_string() };
    while let Some(cause) = source {
        text = cause.to_string();
        source = cause.source();
    }
    text
}
