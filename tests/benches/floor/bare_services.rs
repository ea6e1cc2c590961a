//! Bare services, which do for a run what the contract between them, and with people, demands: they
//! send and receive the messages of the system, and commit what has to be found again. What they
//! know is in memory, so they look up nothing; and they check only who sends a request.

use std::convert::Infallible;
use std::hint::black_box;
use std::rc::Rc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, Uri};
use hyper_util::rt::TokioIo;
use outlive_clock::{Instant, Span};
use outlive_tokens::fingerprint;
use outlive_wire::ClockChange;
use serde_json::Value;

use crate::bare::{Before, RowWriter, serve_connections};
use crate::bare_run::Refreshes;
use crate::messages::{Keys, Received, respond, respond_bytes, text};
use crate::rotation::Seal;
use crate::run_json::{Clock, Done, Outputs, Record};
use crate::upstream::Upstream;

/// A service.
pub(crate) trait BareService: Clone + Send + 'static {
    /// Connections to the services that it calls.
    type Upstreams: 'static;

    /// Opens them, on the event loop of the connection that they are for.
    async fn connect(&self) -> Self::Upstreams;

    async fn answer(
        &self,
        upstreams: &Self::Upstreams,
        received: Received,
        request: Request<Incoming>,
    ) -> Response<Full<Bytes>>;
}

/// Starts a service. Returns its address.
pub(crate) async fn serve<S: BareService>(keys: &Keys, service: S) -> String {
    let keys = keys.clone();
    serve_connections(move |stream| {
        let (keys, service) = (keys.clone(), service.clone());
        async move {
            stream.set_nodelay(true).expect("an option of TCP");
            let shared = Rc::new((service.connect().await, service));
            let answer = service_fn(|request: Request<Incoming>| {
                let (shared, received) = (Rc::clone(&shared), keys.receive(request.headers()));
                async move {
                    let (upstreams, service) = &*shared;
                    Ok::<_, Infallible>(service.answer(upstreams, received, request).await)
                }
            });
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
        }
    })
    .await
}

async fn body_of(request: Request<Incoming>) -> Bytes {
    request.into_body().collect().await.expect("the body arrives").to_bytes()
}

/// The time that the lab sets.
async fn time_of(request: Request<Incoming>) -> Instant {
    let change: ClockChange = serde_json::from_slice(&body_of(request).await).expect("a change of a clock");
    change.now.expect("a time")
}

/// The journal of a service.
#[derive(Clone)]
pub(crate) struct BareJournal {
    pub(crate) rows: RowWriter,
    /// What a line of it says.
    pub(crate) event: Value,
    /// The content of a row, as long as an average one of a run.
    pub(crate) data: String,
}

impl BareJournal {
    async fn record(&self) {
        black_box(self.event.to_string());
        self.rows.insert_event(&self.data).await;
    }
}

/// An identity provider: its clock, and its token endpoint.
#[derive(Clone)]
pub(crate) struct BareIdp {
    pub(crate) keys: Keys,
    pub(crate) rows: RowWriter,
    /// The content of a row.
    pub(crate) data: String,
    /// What a grant does, which also writes what the journal says of it.
    pub(crate) grant: Before,
    /// What it answers.
    pub(crate) tokens: Value,
}

impl BareService for BareIdp {
    type Upstreams = ();

    async fn connect(&self) {}

    async fn answer(&self, (): &(), received: Received, request: Request<Incoming>) -> Response<Full<Bytes>> {
        if request.method() == Method::PUT {
            self.keys.check_lab(request.headers());
            let now = time_of(request).await.to_string();
            return respond(&received, &Clock { now, speed: 0, next_due: None });
        }
        black_box(body_of(request).await);
        (self.grant)();
        self.rows.insert_event(&self.data).await;
        respond(&received, &self.tokens)
    }
}

/// The orders API.
#[derive(Clone)]
pub(crate) struct BareResource {
    pub(crate) journal: BareJournal,
    pub(crate) orders: Value,
}

impl BareService for BareResource {
    type Upstreams = ();

    async fn connect(&self) {}

    async fn answer(&self, (): &(), received: Received, request: Request<Incoming>) -> Response<Full<Bytes>> {
        // By it, it knows whether it has verified the token.
        black_box(fingerprint(text(&request.headers()[AUTHORIZATION])));
        self.journal.record().await;
        respond(&received, &self.orders)
    }
}

/// A hub.
#[derive(Clone)]
pub(crate) struct BareHub {
    pub(crate) keys: Keys,
    pub(crate) journal: BareJournal,
    /// What a line about a refresh says.
    pub(crate) refreshed: Value,
    pub(crate) seal: Seal,
    /// The `Authorization` of callers.
    pub(crate) key: HeaderValue,
    /// The addresses of the resource and of the identity provider.
    pub(crate) upstreams: [String; 2],
    /// The `Authorization` for the resource.
    pub(crate) token: HeaderValue,
    pub(crate) refreshes: Refreshes,
}

impl BareHub {
    async fn refresh(&self, idp: &Upstream, received: &Received) {
        let (uri, body) = (Uri::from_static("/tenant/oauth2/token"), self.refreshes.body.clone());
        let headers = self.keys.of_token_request(received);
        let (_, body) = idp.send(Method::POST, uri, headers, body).await;
        let tokens: Value = serde_json::from_slice(&body).expect("JSON");
        let named = ["access_token", "refresh_token", "refresh_token"];
        black_box(named.map(|name| tokens[name].as_str().map(fingerprint)));
        black_box(self.refreshed.to_string());
        let sealed = self.seal.seal(&stored(&tokens));
        self.journal.rows.store_tokens(&sealed, &self.journal.data).await;
    }
}

/// The tokens that a hub stores.
pub(crate) fn stored(tokens: &Value) -> [&Value; 2] {
    [&tokens["access_token"], &tokens["refresh_token"]]
}

impl BareService for BareHub {
    type Upstreams = [Upstream; 2];

    async fn connect(&self) -> Self::Upstreams {
        let [resource, idp] = &self.upstreams;
        [Upstream::connect(resource).await, Upstream::connect(idp).await]
    }

    async fn answer(
        &self,
        [resource, idp]: &Self::Upstreams,
        received: Received,
        request: Request<Incoming>,
    ) -> Response<Full<Bytes>> {
        let key = request.headers()[AUTHORIZATION].as_bytes();
        verify_slices_are_equal(key, self.key.as_bytes()).expect("the key of the connection");
        if self.refreshes.is_due() {
            self.refresh(idp, &received).await;
        }
        let path = request.uri().to_string().replacen(OF_CONNECTION, "", 1);
        let headers = self.keys.following(&received, self.token.clone());
        let uri = path.parse().expect("a path");
        let (_, body) = resource.send(Method::GET, uri, headers, Bytes::new()).await;
        self.journal.record().await;
        let mut response = respond_bytes(&received, body);
        let of_connector = OF_CONNECTOR
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        response.headers_mut().extend(of_connector);
        response
    }
}

/// The beginning of the paths of a connection.
const OF_CONNECTION: &str = "/apim/shared_contoso-orders/00000000000000000000000000000000";

/// What a hub adds to the responses of a connector.
const OF_CONNECTOR: [(&str, &str); 12] = [
    ("x-ms-environment-id", "Default-00000000-0000-0000-0000-000000000000"),
    ("x-ms-apihub-cached-response", "false"),
    ("x-ms-subscription-id", "00000000-0000-0000-0000-000000000000"),
    ("x-ms-tenant-id", "00000000-0000-0000-0000-000000000000"),
    ("x-ms-dlp-re", "-|-"),
    ("x-ms-dlp-gu", "-|-"),
    ("x-ms-dlp-ef", "-|-"),
    ("x-ms-mip-sl", "-|-"),
    ("x-ms-au-creator-id", "00000000-0000-0000-0000-000000000000"),
    ("timing-allow-origin", "*"),
    ("x-ms-apihub-obo", "false"),
    ("x-ms-au-caller-id", "00000000-0000-0000-0000-000000000000"),
];

/// A flow service.
#[derive(Clone)]
pub(crate) struct BareFlow {
    pub(crate) keys: Keys,
    pub(crate) journal: BareJournal,
    /// The address of the hub.
    pub(crate) hub: String,
    /// The `Authorization` for it.
    pub(crate) key: HeaderValue,
}

impl BareService for BareFlow {
    type Upstreams = Upstream;

    async fn connect(&self) -> Upstream {
        Upstream::connect(&self.hub).await
    }

    async fn answer(
        &self,
        hub: &Upstream,
        received: Received,
        request: Request<Incoming>,
    ) -> Response<Full<Bytes>> {
        self.keys.check_lab(request.headers());
        let due = time_of(request).await;
        let now = due.to_string();
        let BareJournal { rows, event, data } = &self.journal;
        black_box(serde_json::to_string(&Record::begin(&now)).expect("JSON"));
        let run = rows.begin_run(data).await;

        let uri = format!("{OF_CONNECTION}/orders?$top=10").parse().expect("a path");
        let headers = self.keys.of_work(self.key.clone());
        let (head, body) = hub.send(Method::GET, uri, headers, Bytes::new()).await;

        let outputs = Outputs {
            status_code: head.status.as_u16(),
            headers: head.headers.iter().map(|(name, value)| (name.as_str(), text(value))).collect(),
            body: serde_json::from_slice(&body).expect("JSON"),
        };
        black_box(serde_json::to_string(&Record::end(&now, &outputs)).expect("JSON"));
        black_box(event.to_string());
        rows.end_run(run, data).await;
        let next_due = (due + Span::from_hours(1)).to_string();
        respond(&received, &Done { done: 1, failed: 0, started: 1, next_due })
    }
}
