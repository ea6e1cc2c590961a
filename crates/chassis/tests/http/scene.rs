//! The example service, running, and a caller.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Method, Request, header};
use http_body_util::BodyExt as _;
use outlive_chassis::{Chassis, ChassisConfig, LabKey, Origins, app};
use outlive_clock::TenantId;
use outlive_store::{DatabaseUrl, Statement};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;
use uuid::Uuid;

use crate::reminders::{MIGRATIONS, Reminders, routes};

pub(crate) const HOST: &str = "reminders.example:8700";
/// What the lab sends with every call.
pub(crate) const LAB_AUTHORIZATION: &str = "Lab 00112233445566778899aabbccddeeff";
pub(crate) const NOON: &str = "2026-01-05T12:00:00Z";

/// What is needed to start the service, again and several times.
pub(crate) struct Place {
    service: &'static str,
    database: DatabaseUrl,
    data: TempDir,
    pub(crate) seed: Option<u64>,
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        let data = tempfile::tempdir().expect("a temporary directory");
        let database = DatabaseUrl::Sqlite(data.path().join("reminders.db"));
        Self { service: "reminders", database, data, seed: Some(1) }
    }

    /// `None`, and a word on the terminal itself, where there is no server.
    pub(crate) fn postgres(case: &str) -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let Ok(server) = std::env::var("OUTLIVE_TEST_POSTGRES_URL") else {
            let _ = writeln!(
                std::io::stderr(),
                "SKIPPED {case}: OUTLIVE_TEST_POSTGRES_URL is not set; run it through scripts/with-postgres"
            );
            return None;
        };
        let schema = format!("chassis_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let database = DatabaseUrl::postgres(&server).expect("OUTLIVE_TEST_POSTGRES_URL is a PostgreSQL URL");
        let data = tempfile::tempdir().expect("a temporary directory");
        Some(Self { service: Box::leak(schema.into_boxed_str()), database, data, seed: Some(1) })
    }

    pub(crate) async fn chassis(&self) -> Chassis {
        let config = ChassisConfig {
            service: self.service,
            database: self.database.clone(),
            data_dir: self.data.path().to_owned(),
            sealing_key: Some("0123456789abcdef".repeat(4).into()),
            lab_key: LabKey::new(LAB_AUTHORIZATION.trim_start_matches("Lab ")).expect("a key"),
            seed: self.seed,
            origins: Origins::new([format!("http://{HOST}")]),
        };
        Chassis::start(config, MIGRATIONS).await.expect("the chassis starts")
    }

    pub(crate) async fn start(&self) -> Scene {
        let chassis = self.chassis().await;
        let app = app(chassis.clone(), Arc::new(Reminders(chassis.clone())), routes(&chassis));
        Scene { chassis, app, _place: None }
    }

    pub(crate) async fn remove(self) {
        let drop: &'static str =
            Box::leak(format!("DROP SCHEMA \"{}\" CASCADE", self.service).into_boxed_str());
        let chassis = self.chassis().await;
        chassis.store.commit(Statement::new(drop, Vec::new())).await.expect("the schema is dropped");
    }
}

pub(crate) struct Scene {
    pub(crate) chassis: Chassis,
    pub(crate) app: Router,
    _place: Option<Place>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// The status and code of a refusal in the one form.
    pub(crate) fn refused(&self) -> (u16, &str) {
        assert!(self.body["error"]["message"].as_str().is_some_and(|message| message.len() > 10), "{self:?}");
        (self.status, self.body["error"]["code"].as_str().expect("a code"))
    }
}

pub(crate) fn tenant(number: u128) -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(number))
}

pub(crate) fn lab(number: u128, rest: &str) -> String {
    format!("/_lab/tenants/{}{rest}", tenant(number))
}

impl Scene {
    pub(crate) async fn start() -> Self {
        let place = Place::sqlite();
        let mut scene = place.start().await;
        scene._place = Some(place);
        scene
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.app.clone().oneshot(request).await.expect("an answer, whatever it is");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        let body = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(request(Method::GET, path).body(Body::empty()).expect("a request")).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(json_request(Method::PUT, path, body.to_string())).await
    }

    pub(crate) async fn post(&self, path: &str) -> Answer {
        self.send(request(Method::POST, path).body(Body::empty()).expect("a request")).await
    }

    pub(crate) async fn post_json(&self, path: &str, body: Value) -> Answer {
        self.send(json_request(Method::POST, path, body.to_string())).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(request(Method::DELETE, path).body(Body::empty()).expect("a request")).await
    }

    /// A tenant whose clock stands still at [`NOON`], with reminders `(id, due)`.
    pub(crate) async fn create(&self, number: u128, reminders: &[(&str, &str)]) {
        let reminders: Vec<_> = reminders.iter().map(|(id, due)| json!({"id": id, "due": due})).collect();
        let spec = json!({"clock": {"now": NOON, "speed": 0}, "reminders": reminders});
        let answer = self.put(&lab(number, ""), spec).await;
        assert_eq!(answer.status, 201, "{answer:?}");
    }
}

pub(crate) fn request(method: Method, path: &str) -> http::request::Builder {
    let request = Request::builder().method(method).uri(path).header(header::HOST, HOST);
    if path.starts_with("/_lab") { request.header(header::AUTHORIZATION, LAB_AUTHORIZATION) } else { request }
}

pub(crate) fn json_request(method: Method, path: &str, body: impl Into<Body>) -> Request<Body> {
    request(method, path)
        .header(header::CONTENT_TYPE, "application/json")
        .body(body.into())
        .expect("a request")
}
