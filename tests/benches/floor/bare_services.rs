//! Bare services, which do for a run what the contract between them, and with people, demands: they
//! send and receive the messages of the system, and commit what has to be found again. What they
//! know is in memory, so they look up nothing.

use std::convert::Infallible;
use std::hint::black_box;
use std::rc::Rc;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response, Uri};
use hyper_util::rt::TokioIo;
use outlive_tokens::fingerprint;
use outlive_wire::ClockChange;
use serde_json::{Map, Value, json};

use crate::bare::{RowWriter, serve_connections};
use crate::bare_run::Refreshes;
use crate::messages::{Keys, Received, respond, respond_bytes};
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

/// An identity provider, which is asked when it has work to do.
#[derive(Clone)]
pub(crate) struct BareIdp(pub(crate) Keys);

impl BareService for BareIdp {
    type Upstreams = ();

    async fn connect(&self) {}

    async fn answer(&self, (): &(), received: Received, request: Request<Incoming>) -> Response<Full<Bytes>> {
        self.0.check_lab(request.headers());
        respond(&received, &json!({"now": "2026-01-07T11:00:00Z", "speed": 0, "next_due": null}))
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
    /// The address of the resource.
    pub(crate) resource: String,
    /// The `Authorization` for it.
    pub(crate) token: HeaderValue,
    pub(crate) refreshes: Refreshes,
}

impl BareService for BareHub {
    /// To the resource and to the issuer.
    type Upstreams = (Upstream, Upstream);

    async fn connect(&self) -> Self::Upstreams {
        (Upstream::connect(&self.resource).await, Upstream::connect(&self.refreshes.issuer).await)
    }

    async fn answer(
        &self,
        (resource, issuer): &Self::Upstreams,
        received: Received,
        request: Request<Incoming>,
    ) -> Response<Full<Bytes>> {
        if self.refreshes.is_due() {
            let (uri, body) = (Uri::from_static("/oauth2/token"), self.refreshes.body.clone());
            let (_, tokens) = issuer.send(Method::POST, uri, HeaderMap::new(), body).await;
            black_box(tokens);
            self.journal.record().await;
        }
        black_box(fingerprint(text(&self.token)));
        let path = request.uri().to_string().replacen(OF_CONNECTION, "", 1);
        let (uri, headers) =
            (path.parse().expect("a path"), self.keys.following(&received, self.token.clone()));
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
        let body = request.into_body().collect().await.expect("the body arrives").to_bytes();
        let due: ClockChange = serde_json::from_slice(&body).expect("a change of the clock");
        let now = due.now.expect("the time of the run").to_string();
        let BareJournal { rows, event, data } = &self.journal;
        let inputs =
            json!({"host": {"connectionName": "orders", "operationId": "List"}, "parameters": {"$top": 10}});
        black_box(record_of(&now, &inputs, &Value::Null).to_string());
        let run = rows.begin_run(data).await;

        let uri = format!("{OF_CONNECTION}/orders?$top=10").parse().expect("a path");
        let headers = self.keys.of_work(self.key.clone());
        let (head, body) = hub.send(Method::GET, uri, headers, Bytes::new()).await;

        let headers: Map<_, _> =
            head.headers.iter().map(|(name, value)| (name.to_string(), text(value).into())).collect();
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        let outputs = json!({"statusCode": head.status.as_u16(), "headers": headers, "body": body});
        black_box((record_of(&now, &inputs, &outputs).to_string(), event.to_string()));
        rows.end_run(run, data).await;
        respond(&received, &json!({"done": 1, "failed": 0, "started": 1, "next_due": now}))
    }
}

/// What people see of a run.
fn record_of(now: &str, inputs: &Value, outputs: &Value) -> Value {
    json!({
        "trigger": {"name": "Hourly", "status": "Succeeded", "startTime": now, "endTime": now},
        "actions": {"List_orders": {
            "status": if outputs.is_null() { "Running" } else { "Succeeded" },
            "startTime": now,
            "endTime": now,
            "inputs": inputs,
            "outputs": outputs,
        }},
    })
}

/// A header in ASCII.
pub(crate) fn text(value: &HeaderValue) -> &str {
    value.to_str().expect("ASCII")
}
