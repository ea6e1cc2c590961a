//! The messages between services, with the heads that those of the system have: which trace they
//! belong to, at which time of the tenant, who sends them; and that a response is no page.

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
use serde_json::Value;

static TRACE: HeaderName = HeaderName::from_static("traceparent");
static DELAY: HeaderName = HeaderName::from_static("outlive-delay");
static TIME: HeaderName = HeaderName::from_static("outlive-time");
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

    /// The heads of requests by the lab, in a new trace.
    pub(crate) fn of_lab(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        self.trace_to(&mut headers, &self.new_trace());
        headers.insert(AUTHORIZATION, self.lab.clone());
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
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
        let mut headers = HeaderMap::new();
        self.trace_to(&mut headers, &received.trace);
        headers.extend(received.time.clone().map(|time| (TIME.clone(), time)));
        headers.insert(AUTHORIZATION, authorization);
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        headers
    }

    fn new_trace(&self) -> String {
        self.stream().uuid().simple().to_string()
    }

    fn trace_to(&self, headers: &mut HeaderMap, trace: &str) {
        let parent = format!("00-{trace}-{:016x}-01", self.stream().next_u64());
        headers.insert(&TRACE, parent.parse().expect("a header"));
        headers.insert(&DELAY, HeaderValue::from_static("virtual"));
    }
}

/// A header in ASCII.
fn text(value: &HeaderValue) -> &str {
    value.to_str().expect("ASCII")
}

/// A response in JSON.
pub(crate) fn respond(received: &Received, body: &Value) -> Response<Full<Bytes>> {
    respond_bytes(received, body.to_string().into())
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
