//! Builds and sends a request.

use std::fmt::{self, Debug, Display, Formatter};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::TryFutureExt as _;
use futures::future::{Either, ready};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::Full;
use reqwest::{Client, Response};
use serde::Serialize;

use super::loopback::LoopbackClient;
use super::loopback_uri::loopback_uri;
use super::send_error::SendError;

/// The default timeout of a request, in wall time.
pub(super) const TIMEOUT: Duration = Duration::from_secs(30);

/// The usual number of headers, for which a map need not grow.
const HEADERS: usize = 8;

/// A request that can be changed until it is sent. A part that is not valid is reported by
/// [`Self::send`].
#[must_use = "a request has no effect until it is sent"]
pub struct RequestBuilder {
    client: Client,
    /// Whether it may be sent by the client of this thread's event loop.
    is_for_services: bool,
    method: Method,
    /// Without a fragment.
    url: String,
    headers: HeaderMap,
    body: Bytes,
    timeout: Duration,
    /// The first part that is not valid.
    mistake: Option<SendError>,
}

impl RequestBuilder {
    /// Begins a request. `is_for_services`: the client only calls services of this installation.
    pub(super) fn new(client: Client, is_for_services: bool, method: Method, url: &str) -> Self {
        let url = url.split_once('#').map_or(url, |(url, _)| url).to_owned();
        Self {
            client,
            is_for_services,
            method,
            url,
            headers: HeaderMap::with_capacity(HEADERS),
            body: Bytes::new(),
            timeout: TIMEOUT,
            mistake: None,
        }
    }

    /// Returns the method.
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// Returns the URL, with its query and without a fragment.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the headers that were added.
    pub const fn header_map(&self) -> &HeaderMap {
        &self.headers
    }

    /// Adds a header. Values that it already has remain.
    pub fn header<K, V>(self, name: K, value: V) -> Self
    where
        HeaderName: TryFrom<K, Error: Into<http::Error>>,
        HeaderValue: TryFrom<V, Error: Into<http::Error>>,
    {
        let name = HeaderName::try_from(name).map_err(Into::into);
        let value = HeaderValue::try_from(value).map_err(Into::into);
        self.add(name.and_then(|name| Ok((name, value?))))
    }

    /// Replaces the headers of these names.
    pub fn headers(mut self, headers: HeaderMap) -> Self {
        self.headers.extend(headers);
        self
    }

    /// Adds `Authorization: Bearer`, as a sensitive value.
    pub fn bearer_auth(self, token: impl Display) -> Self {
        self.authorization(format!("Bearer {token}"))
    }

    /// Adds `Authorization: Basic`, as a sensitive value.
    pub fn basic_auth(self, username: impl Display, password: Option<impl Display>) -> Self {
        let password = password.map(|password| password.to_string()).unwrap_or_default();
        self.authorization(format!("Basic {}", STANDARD.encode(format!("{username}:{password}"))))
    }

    fn authorization(self, value: String) -> Self {
        let value = HeaderValue::try_from(value).map_err(http::Error::from);
        self.add(value.map(|mut value| {
            value.set_sensitive(true);
            (AUTHORIZATION, value)
        }))
    }

    /// Adds parameters to the query. Those that it already has remain.
    pub fn query<T: Serialize + ?Sized>(mut self, parameters: &T) -> Self {
        match serde_urlencoded::to_string(parameters) {
            Ok(added) if added.is_empty() => {}
            Ok(added) => {
                let query = self.url.split_once('?').map(|(_, query)| query);
                self.url.push_str(match query {
                    None => "?",
                    Some("") => "",
                    Some(_) => "&",
                });
                self.url.push_str(&added);
            }
            Err(error) => self.note(SendError::builder(error)),
        }
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets a JSON body, and its media type unless there is one.
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> Self {
        self.typed_body("application/json", serde_json::to_vec(value).map_err(SendError::builder))
    }

    /// Sets a form as the body, and its media type unless there is one.
    pub fn form<T: Serialize + ?Sized>(self, form: &T) -> Self {
        let form = serde_urlencoded::to_string(form).map_err(SendError::builder);
        self.typed_body("application/x-www-form-urlencoded", form)
    }

    fn typed_body(mut self, media_type: &'static str, body: Result<impl Into<Bytes>, SendError>) -> Self {
        match body {
            Ok(body) => {
                self.headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(media_type));
                self.body = body.into();
            }
            Err(error) => self.note(error),
        }
        self
    }

    /// Sets the timeout (wall time), which includes reading the body of the response. By default it
    /// is 30 seconds.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    fn add(mut self, header: Result<(HeaderName, HeaderValue), http::Error>) -> Self {
        match header {
            Ok((name, value)) => drop(self.headers.append(name, value)),
            Err(error) => self.note(SendError::builder(error)),
        }
        self
    }

    fn note(&mut self, mistake: SendError) {
        self.mistake.get_or_insert(mistake);
    }

    /// Sends the request, and returns the response when its head has arrived. A redirect is not
    /// followed. The URL of the response is not that of the request.
    ///
    /// It is no `async fn`, whose future would contain the request twice.
    ///
    /// # Errors
    /// When a part of the request is not valid, or there is no response in time.
    pub fn send(mut self) -> impl Future<Output = Result<Response, SendError>> + use<> {
        if let Some(mistake) = self.mistake.take() {
            return Either::Left(ready(Err(mistake)));
        }
        Either::Right(match self.loopback() {
            Some((client, uri)) => {
                let timeout = self.timeout;
                Either::Left(client.send(self.request(uri), timeout))
            }
            None => Either::Right(self.for_reqwest().send().map_err(SendError::from)),
        })
    }

    /// The client of this thread's event loop, if it is one and the request stays on this machine.
    fn loopback(&self) -> Option<(LoopbackClient, Uri)> {
        if !self.is_for_services {
            return None;
        }
        let uri = loopback_uri(&self.url)?;
        Some((LoopbackClient::of_loop()?, uri))
    }

    /// The request with the header that reqwest adds by default.
    fn request(mut self, uri: Uri) -> Request<Full<Bytes>> {
        self.headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        let mut request = Request::new(Full::new(self.body));
        *request.method_mut() = self.method;
        *request.uri_mut() = uri;
        *request.headers_mut() = self.headers;
        request
    }

    fn for_reqwest(self) -> reqwest::RequestBuilder {
        let request = self.client.request(self.method, self.url).headers(self.headers).timeout(self.timeout);
        if self.body.is_empty() { request } else { request.body(self.body) }
    }
}

/// Without the body, which can contain credentials.
impl Debug for RequestBuilder {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("RequestBuilder");
        shown.field("method", &self.method).field("url", &self.url).field("headers", &self.headers);
        shown.finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_not_shown() {
        let request = RequestBuilder::new(Client::new(), true, Method::POST, "http://127.0.0.1:1/x#y");
        let request = request.bearer_auth("secret-1").basic_auth("user", Some("secret-2"));
        let request = request.form(&[("password", "secret-3")]);
        assert_eq!(request.header_map().len(), 3);
        let shown = format!("{request:?}");
        assert!(shown.contains("http://127.0.0.1:1/x\"") && !shown.contains("secret"), "{shown}");
    }
}
