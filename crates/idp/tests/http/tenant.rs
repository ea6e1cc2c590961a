//! A separate tenant per test, with a stopped clock and the users and applications of the tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use outlive_clock::{Instant, Span};
use reqwest::{Client, Method, RequestBuilder, redirect};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::browser::Browser;
use crate::client::App;
use crate::installation::{Installation, LAB_AUTHORIZATION};

/// The initial time of every tenant: half past a second, because revocation cutoffs have whole
/// seconds.
pub(crate) const BEGIN: Instant = Instant::from_micros(1_767_603_600_500_000);
/// The initial password of all users.
pub(crate) const PASSWORD: &str = "Correct-Horse-1";
pub(crate) const ORDERS: &str = "api://contoso-orders";
pub(crate) const READ: &str = "api://contoso-orders/Orders.Read offline_access";
pub(crate) const SECRET: &str = "a secret + of=ours & more:~";

pub(crate) struct Tenant {
    pub(crate) installation: Arc<Installation>,
    pub(crate) http: Client,
    /// Its number in this run, from which its ids are derived.
    number: u32,
    pub(crate) domain: String,
}

/// A response with its body.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a text"))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }
}

pub(crate) async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, text: response.text().await.expect("a body") }
}

impl Tenant {
    pub(crate) async fn new() -> Self {
        Self::of_edition("2025-11").await
    }

    pub(crate) async fn of_edition(edition: &str) -> Self {
        Self::inside(Installation::shared(), edition).await
    }

    /// Creates a tenant with a modified specification.
    pub(crate) async fn with(change: impl FnOnce(&mut Value)) -> Self {
        Self::create(Installation::shared(), "2025-11", |_, spec| change(spec)).await
    }

    pub(crate) async fn inside(installation: Arc<Installation>, edition: &str) -> Self {
        Self::create(installation, edition, |_, _| ()).await
    }

    /// Creates a tenant with additional applications.
    pub(crate) async fn with_applications(more: impl FnOnce(&Self) -> Vec<Value>) -> Self {
        let change = |tenant: &Self, spec: &mut Value| {
            spec["applications"].as_array_mut().expect("a list").extend(more(tenant));
        };
        Self::create(Installation::shared(), "2025-11", change).await
    }

    /// Creates a tenant with a modified specification in an installation.
    pub(crate) async fn create(
        installation: Arc<Installation>,
        edition: &str,
        change: impl FnOnce(&Self, &mut Value),
    ) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let http = Client::builder().redirect(redirect::Policy::none()).no_proxy().build();
        let http = http.expect("a client");
        let domain = format!("contoso-{number}.example");
        let tenant = Self { installation, http, number, domain };
        let mut spec = tenant.spec(edition);
        change(&tenant, &mut spec);
        let made = tenant.lab(Method::PUT, "", &spec).await;
        assert_eq!(made.status, 201, "{made:?}");
        tenant
    }

    /// Restarts the tenant's installation, which no other test uses.
    pub(crate) fn restarted(self) -> Self {
        let installation = Arc::into_inner(self.installation).expect("the only reference").restarted();
        Self { installation: Arc::new(installation), ..self }
    }

    /// Returns the id with this number in the tenant.
    pub(crate) fn id_of(&self, n: u32) -> String {
        Uuid::from_u128(u128::from(self.number) << 64 | u128::from(n)).to_string()
    }

    pub(crate) fn id(&self) -> String {
        self.id_of(0)
    }

    pub(crate) fn upn(&self, role: &str) -> String {
        format!("{role}@{}", self.domain)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.installation.url)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        let request = self.http.get(self.url(path));
        if path.starts_with("/_lab/") {
            return send(request.header("authorization", LAB_AUTHORIZATION)).await;
        }
        send(request).await
    }

    /// Calls the tenant's lab surface.
    pub(crate) async fn lab(&self, method: Method, path: &str, body: &Value) -> Answer {
        self.lab_of(&self.id(), method, path, body).await
    }

    /// Calls the lab surface for any tenant id.
    pub(crate) async fn lab_of(&self, id: &str, method: Method, path: &str, body: &Value) -> Answer {
        let url = self.url(&format!("/_lab/tenants/{id}{path}"));
        send(self.http.request(method, url).header("authorization", LAB_AUTHORIZATION).json(body)).await
    }

    pub(crate) async fn now(&self) -> Instant {
        let clock = self.lab(Method::GET, "/clock", &Value::Null).await.json();
        serde_json::from_value(clock["now"].clone()).expect("an instant")
    }

    pub(crate) async fn advance(&self, span: Span) {
        let now = self.now().await + span;
        let moved = self.lab(Method::PUT, "/clock", &json!({ "now": now })).await;
        assert_eq!(moved.status, 200, "{moved:?}");
    }

    /// Triggers a lab event one second later.
    pub(crate) async fn happens(&self, event: Value) -> Value {
        self.advance(Span::from_seconds(1)).await;
        let answer = self.lab(Method::POST, "/events", &event).await;
        assert_eq!(answer.status, 200, "{event}: {answer:?}");
        self.advance(Span::from_seconds(1)).await;
        answer.json()
    }

    pub(crate) async fn happens_to(&self, role: &str, kind: &str) -> Value {
        self.happens(json!({"type": kind, "user": self.upn(role)})).await
    }

    /// Returns the journal events of one kind, oldest first.
    pub(crate) async fn journal(&self, kind: &str) -> Vec<Value> {
        let answer = self
            .lab(
                Method::GET,
                &format!("/journal?{}{kind}", if kind.is_empty() { "" } else { "kind=" }),
                &Value::Null,
            )
            .await;
        answer.json()["lines"].as_array().expect("lines").clone()
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::new(self.http.clone(), self.installation.url.clone())
    }

    pub(crate) fn app(&self, n: u32, secret: Option<&str>, redirect_uri: &str) -> App {
        App {
            http: self.http.clone(),
            idp: self.installation.url.clone(),
            segment: self.id(),
            client_id: self.id_of(n),
            secret: secret.map(str::to_owned),
            redirect_uri: redirect_uri.to_owned(),
            page_origin: None,
            v1: false,
        }
    }

    /// A native public client.
    pub(crate) fn desktop(&self) -> App {
        self.app(13, None, "http://localhost:53123")
    }

    /// A confidential client.
    pub(crate) fn connector(&self) -> App {
        self.app(12, Some(SECRET), "https://hub.example/redirect")
    }

    /// A single-page application.
    pub(crate) fn spa(&self) -> App {
        App {
            page_origin: Some("https://spa.example".to_owned()),
            ..self.app(14, None, "https://spa.example/cb")
        }
    }

    /// A confidential client that needs no secret without a redirect.
    pub(crate) fn kiosk(&self) -> App {
        self.app(18, Some(SECRET), "https://kiosk.example/redirect")
    }

    /// A daemon.
    pub(crate) fn nightly(&self) -> App {
        self.app(15, Some("nightly secret"), "")
    }

    /// A public client with many permissions at Graph, granted by an administrator.
    pub(crate) fn admin_tool(&self) -> App {
        self.app(16, None, "http://localhost/tool")
    }

    /// An additional application with the required members.
    pub(crate) fn application(&self, n: u32, kind: &str, more: &Value) -> Value {
        let mut application = json!({
            "client_id": self.id_of(n), "object_id": self.id_of(n + 100), "service_principal_id": self.id_of(n + 200),
            "name": format!("Application {n}"), "kind": kind,
        });
        let members = more.as_object().expect("an object").clone();
        application.as_object_mut().expect("an object").extend(members);
        application
    }

    pub(crate) fn spec(&self, edition: &str) -> Value {
        let id = |n: u32| self.id_of(n);
        let user = |n: u32, role: &str, roles: &[&str]| {
            json!({
                "id": id(n), "upn": self.upn(role), "display_name": format!("The {role}"), "role": role,
                "password": PASSWORD, "directory_roles": roles,
            })
        };
        let mut owner = user(1, "owner", &[]);
        owner["given_name"] = json!("Orla");
        owner["surname"] = json!("Ner");
        owner["mail"] = json!(format!("owner@mail.{}", self.domain));
        let application = |n: u32, name: &str, kind: &str, more: Value| {
            let mut application = json!({
                "client_id": id(n), "object_id": id(n + 100), "service_principal_id": id(n + 200), "name": name,
                "kind": kind,
            });
            let members = more.as_object().expect("an object").clone();
            application.as_object_mut().expect("an object").extend(members);
            application
        };
        let api = |n: u32, uri: &str, version: u8| {
            json!({
                "identifier_uris": [uri],
                "token_version": version,
                "scopes": [
                    {"id": id(n + 300), "value": "Orders.Read", "description": "Read your orders"},
                    {"id": id(n + 301), "value": "Orders.ReadWrite", "description": "Change your orders"},
                ],
                "app_roles": [{"id": id(n + 302), "value": "Orders.Read.All"}],
            })
        };
        let uri = |uri: &str, kind: &str| json!({"uri": uri, "type": kind});
        let graph = "00000003-0000-0000-c000-000000000000";
        let required = |scopes: &[&str]| json!([{"resource": id(10), "scopes": scopes}]);
        let tool = [
            "User.Read",
            "User.ReadWrite.All",
            "User.RevokeSessions.All",
            "User-PasswordProfile.ReadWrite.All",
            "Directory.AccessAsUser.All",
            "User.Read.All",
            "User.DeleteRestore.All",
            "Application.Read.All",
            "Application.ReadWrite.All",
            "AppRoleAssignment.ReadWrite.All",
            "DelegatedPermissionGrant.ReadWrite.All",
            "AuditLog.Read.All",
            "Policy.Read.All",
            "Policy.ReadWrite.ConditionalAccess",
            "Policy.ReadWrite.ApplicationConfiguration",
            "openid",
            "profile",
            "email",
        ];
        json!({
            "clock": {"now": BEGIN, "speed": 0},
            "domain": self.domain,
            "display_name": "Contoso",
            "edition": edition,
            "users": [
                owner,
                user(2, "colleague", &[]),
                user(3, "admin", &["Global Administrator"]),
            ],
            "applications": [
                application(10, "Contoso Orders API", "resource", api(10, ORDERS, 2)),
                application(11, "Contoso Old API", "resource", api(11, "https://old.contoso.example", 1)),
                application(12, "Contoso Orders Connector", "confidential", json!({
                    "redirect_uris": [uri("https://hub.example/redirect", "web")],
                    "secrets": [SECRET],
                    "required": required(&["Orders.Read"]),
                })),
                application(13, "Orders Desktop", "public", json!({
                    "redirect_uris": [uri("http://localhost", "publicClient"), uri("ordersdesktop://auth", "publicClient")],
                    "required": required(&["Orders.Read"]),
                })),
                application(14, "Orders SPA", "spa", json!({
                    "redirect_uris": [uri("https://spa.example/cb", "spa")],
                })),
                application(15, "Nightly Job", "daemon", json!({
                    "secrets": ["nightly secret"],
                    "required": [
                        {"resource": id(10), "roles": ["Orders.Read.All"]},
                        {"resource": graph, "roles": ["User.ReadWrite.All"]},
                    ],
                    "admin_consented": true,
                })),
                application(16, "Admin Tool", "public", json!({
                    "redirect_uris": [uri("http://localhost/tool", "publicClient")],
                    "required": [{"resource": graph, "scopes": tool}],
                    "admin_consented": true,
                })),
                application(17, "No Way Back", "public", json!({})),
                application(18, "Orders Kiosk", "confidential", json!({
                    "redirect_uris": [uri("https://kiosk.example/redirect", "web")],
                    "secrets": [SECRET],
                    "allow_public_client": true,
                    "required": required(&["Orders.Read"]),
                    "admin_consented": true,
                })),
            ],
        })
    }
}
