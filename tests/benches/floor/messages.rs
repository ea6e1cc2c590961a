//! The heads of messages between services, as those of the system have them: which trace a request
//! belongs to, at which time of the tenant, and who sends it; that a response is no page.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{
    ACCEPT, AUTHORIZATION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use hyper::{HeaderMap, Response};
use outlive_clock::{Randomness, Stream};
use serde::Serialize;

static TRACE: HeaderName = HeaderName::from_static("traceparent");
static DELAY: HeaderName = HeaderName::from_static("outlive-delay");
static TIME: HeaderName = HeaderName::from_static("outlive-time");
static CORRELATION: HeaderName = HeaderName::from_static("client-request-id");
static RETURN_CORRELATION: HeaderName = HeaderName::from_static("return-client-request-id");
static REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-request-id");

/// By which the services recognize each other.
#[derive(Clone)]
pub(crate) struct Keys {
    lab: HeaderValue,
    time: hmac::Key,
    random: Randomness,
}

/// What a request says of itself, beside what it asks for.
pub(crate) struct Received {
    trace: String,
    time: Option<HeaderValue>,
    id: String,
}

impl Keys {
    pub(crate) fn new() -> Self {
        let lab = format!("Lab {}", "0".repeat(64)).parse().expect("a header");
        Self { lab, time: hmac::Key::new(HMAC_SHA256, &[3; 32]), random: Randomness::from_system() }
    }

    fn stream(&self) -> Stream {
        self.random.stream("message")
    }

    /// Reads the head of a request.
    pub(crate) fn receive(&self, headers: &HeaderMap) -> Received {
        let trace =
            headers.get(&TRACE).and_then(|value| value.to_str().ok()).and_then(|text| text.get(3..35));
        let time = headers.get(&TIME).cloned();
        if let Some(time) = &time {
            let (message, code) = text(time).rsplit_once(' ').expect("a code");
            let code = URL_SAFE_NO_PAD.decode(code).expect("base64url");
            hmac::verify(&self.time, message.as_bytes(), &code).expect("sent by a service");
        }
        let id = self.stream().uuid().to_string();
        Received { trace: trace.expect("a trace").to_owned(), time, id }
    }

    /// Checks that the lab sent a request.
    pub(crate) fn check_lab(&self, headers: &HeaderMap) {
        let sent = headers.get(AUTHORIZATION).expect("a key").as_bytes();
        verify_slices_are_equal(sent, self.lab.as_bytes()).expect("the key of the lab");
    }

    /// The head of a request by the lab, in this trace.
    pub(crate) fn of_lab(&self, trace: &str) -> HeaderMap {
        let mut headers = self.head(trace, "*/*");
        headers.insert(AUTHORIZATION, self.lab.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers
    }

    /// The head of the first call of work that has become due, in a new trace.
    pub(crate) fn of_work(&self, authorization: HeaderValue) -> HeaderMap {
        let message = format!("{} 1796055800498716 1767787200000000", "0".repeat(36));
        let code = URL_SAFE_NO_PAD.encode(hmac::sign(&self.time, message.as_bytes()));
        let time = Some(format!("{message} {code}").parse().expect("a header"));
        self.following(&Received { trace: self.new_trace(), time, id: String::new() }, authorization)
    }

    /// The head of a call that a request needs.
    pub(crate) fn following(&self, received: &Received, authorization: HeaderValue) -> HeaderMap {
        let mut headers = self.head(&received.trace, "*/*");
        headers.extend(received.time.clone().map(|time| (TIME.clone(), time)));
        headers.insert(AUTHORIZATION, authorization);
        headers
    }

    /// The head of a token request that a request needs. The client's secret is in its body.
    pub(crate) fn of_token_request(&self, received: &Received) -> HeaderMap {
        let mut headers = self.head(&received.trace, "application/json");
        headers.extend(received.time.clone().map(|time| (TIME.clone(), time)));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        headers.insert(&CORRELATION, self.stream().uuid().to_string().parse().expect("a header"));
        headers.insert(&RETURN_CORRELATION, HeaderValue::from_static("true"));
        headers
    }

    pub(crate) fn new_trace(&self) -> String {
        self.stream().uuid().simple().to_string()
    }

    fn head(&self, trace: &str, accept: &'static str) -> HeaderMap {
        let parent = format!("00-{trace}-{:016x}-01", self.stream().next_u64());
        HeaderMap::from_iter([
            (TRACE.clone(), parent.parse().expect("a header")),
            (DELAY.clone(), HeaderValue::from_static("virtual")),
            (ACCEPT, HeaderValue::from_static(accept)),
        ])
    }
}

/// A header in ASCII.
pub(crate) fn text(value: &HeaderValue) -> &str {
    value.to_str().expect("ASCII")
}

/// A response in JSON.
pub(crate) fn respond(received: &Received, body: &impl Serialize) -> Response<Full<Bytes>> {
    respond_bytes(received, serde_json::to_vec(body).expect("JSON").into())
}

pub(crate) fn respond_bytes(received: &Received, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(&REQUEST_ID, received.id.parse().expect("a header"));
    for (name, value) in [
        (X_FRAME_OPTIONS, "DENY"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
