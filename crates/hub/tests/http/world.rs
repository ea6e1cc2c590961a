//! A hub with its issuer, back end and users.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use outlive_chassis::{Chassis, ChassisConfig, LabKey, Origins};
use outlive_clock::{Instant, Span, TenantId};
use outlive_hub::{BackEnds, HubConfig};
use outlive_store::Store;
use outlive_tokens::{Secret, TokenVersion, issuer, sign_rs256};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use url::Url;
use uuid::Uuid;

use crate::database::Database;
use crate::fakes::{self, BackEnd, Issuer, ring};

pub(crate) const NOW: Instant = Instant::from_seconds(1_767_603_600);
/// The key of the lab surface.
const LAB_KEY: &str = "00112233445566778899aabbccddeeff";
pub(crate) const HUB: &str = "http://hub.test";
pub(crate) const ORIGIN: &str = "http://idp.test";
pub(crate) const SECRET: &str = "the-connectors-very-secret-secret";
pub(crate) const CONNECTOR: &str = "shared_contoso-orders";
/// The CAE-capable connector.
pub(crate) const CAPABLE: &str = "shared_capable-orders";
pub(crate) const PUBLIC: &str = "shared_public-orders";
pub(crate) const RETURN: &str = "http://127.0.0.1:5000/done?x=1";

/// The hub's own application, with which it exchanges users' tokens.
pub(crate) const HUB_CLIENT: Uuid = Uuid::from_u128(0xfe);
pub(crate) const HUB_SECRET: &str = "the-hubs-very-secret-secret";

pub(crate) const OWNER: Uuid = Uuid::from_u128(0x0a);
pub(crate) const COLLEAGUE: Uuid = Uuid::from_u128(0x0b);
pub(crate) const FLOWS: Uuid = Uuid::from_u128(0x0f);

pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Response {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("printable"))
    }

    /// The value at a JSON pointer.
    pub(crate) fn at(&self, pointer: &str) -> Value {
        self.json().pointer(pointer).cloned().unwrap_or(Value::Null)
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }
}

pub(crate) struct World {
    pub(crate) app: Router,
    pub(crate) store: Store,
    pub(crate) tenant: TenantId,
    pub(crate) issuer: Issuer,
    pub(crate) back_end: BackEnd,
    pub(crate) database: Database,
    pub(crate) now: Instant,
    config: HubConfig,
}

fn connector(name: &str, secret: Option<&str>, redirect_mode: &str) -> Value {
    let mut spec = json!({
        "name": name, "display_name": "Contoso Orders",
        "api_properties": {"properties": {"iconBrandColor": "#007ee5", "capabilities": ["actions"], "connectionParameters": {
            "token": {"type": "oauthSetting", "oAuthSettings": {
                "identityProvider": "aad", "clientId": "7d1c2f10-0000-4000-8000-000000000001", "scopes": [],
                "redirectMode": redirect_mode,
                "customParameters": {
                    "loginUri": {"value": "https://login.windows.net"}, "tenantId": {"value": "common"},
                    "resourceUri": {"value": "api://contoso-orders"},
                },
            }},
        }}},
        "swagger": swagger("/v1"),
    });
    if let Some(secret) = secret {
        spec["client_secret"] = json!(secret);
    }
    spec
}

pub(crate) fn swagger(base_path: &str) -> Value {
    json!({
        "swagger": "2.0", "info": {"title": "Orders", "version": "1"}, "host": "orders.contoso.example",
        "basePath": base_path, "schemes": ["https"],
        "x-ms-capabilities": {"testConnection": {"operationId": "ListOrders"}},
        "paths": {
            "/orders": {
                "get": {"operationId": "ListOrders", "parameters": [{"name": "X-Region", "in": "header", "type": "string"}]},
                "post": {"operationId": "CreateOrder"},
            },
            "/orders/{id}": {"get": {"operationId": "GetOrder"}},
        },
    })
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with_back_ends(|back_ends| back_ends).await
    }

    /// `configure` changes how back ends are reached.
    pub(crate) async fn with_back_ends(configure: impl FnOnce(BackEnds) -> BackEnds) -> Self {
        Self::set_up(Vec::new(), configure, Vec::new()).await
    }

    /// A world with more back ends and connectors.
    pub(crate) async fn with(back_ends: Vec<(String, Url)>, connectors: Vec<Value>) -> Self {
        Self::set_up(back_ends, |back_ends| back_ends, connectors).await
    }

    async fn set_up(
        more: Vec<(String, Url)>,
        configure: impl FnOnce(BackEnds) -> BackEnds,
        connectors: Vec<Value>,
    ) -> Self {
        let (issuer, idp_url) = fakes::issuer(("owner@contoso.example".to_owned(), OWNER)).await;
        let (back_end, resource_url) = fakes::back_end().await;
        let database = Database::from_environment();
        let public: Url = ORIGIN.parse().expect("a URL");
        let mut config = HubConfig::new(idp_url, public, vec![ORIGIN.into()], resource_url.clone());
        let gone: Url = "http://127.0.0.1:1".parse().expect("a URL");
        let known = [
            ("orders.contoso.example".to_owned(), resource_url.clone()),
            ("eu.contoso.example".to_owned(), resource_url),
            ("gone.contoso.example".to_owned(), gone),
        ];
        config.back_ends = configure(BackEnds::new(known.into_iter().chain(more)));
        let (app, store) = Self::start(&database, &config).await;
        let tenant = TenantId::from_uuid(Uuid::from_u128(0x11));
        let world = Self { app, store, tenant, issuer, back_end, database, now: NOW, config };
        let mut open = connector("shared_open", None, "Global");
        open["api_properties"] = json!({"properties": {"iconBrandColor": "#000000"}});
        let mut lost = open.clone();
        lost["name"] = json!("shared_lost");
        lost["swagger"]["host"] = json!("unknown.contoso.example");
        let mut gone = open.clone();
        gone["name"] = json!("shared_gone");
        gone["swagger"]["host"] = json!("gone.contoso.example");
        let mut capable = connector(CAPABLE, Some(SECRET), "Global");
        let pointer = "/api_properties/properties/connectionParameters/token/oAuthSettings/customParameters";
        let parameters = capable.pointer_mut(pointer).expect("there");
        parameters["clientCapabilities"] = json!({"value": "cp1"});
        let mut spec = json!({
            "clock": {"now": NOW, "speed": 0},
            "client": {"client_id": HUB_CLIENT, "client_secret": HUB_SECRET},
            "connectors": [
                connector(CONNECTOR, Some(SECRET), "Global"), connector(PUBLIC, None, "GlobalPerConnector"), open, lost, gone,
                capable,
            ],
        });
        spec["connectors"].as_array_mut().expect("a list").extend(connectors);
        world.send("PUT", &format!("/_lab/tenants/{tenant}"), &[], &spec.to_string()).await.expect(201);
        world
    }

    async fn start(database: &Database, config: &HubConfig) -> (Router, Store) {
        let chassis = ChassisConfig {
            service: "hub",
            database: database.url(),
            data_dir: database.directory().to_owned(),
            sealing_key: Some(Secret::new("07".repeat(32))),
            lab_key: LabKey::new(LAB_KEY).expect("a key"),
            seed: None,
            origins: Origins::new([HUB]),
        };
        let chassis = Chassis::start(chassis, &outlive_hub::MIGRATIONS).await.expect("starts");
        let store = chassis.store.clone();
        (outlive_hub::build(chassis, config.clone()).await.expect("builds"), store)
    }

    /// Starts another replica of the hub on the same database, if the database can be shared.
    pub(crate) async fn replica(&self) -> Option<Router> {
        match &self.database {
            Database::Sqlite(_) => None,
            Database::Postgres { .. } => Some(Self::start(&self.database, &self.config).await.0),
        }
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        uri: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response {
        Self::send_to(self.app.clone(), method, uri, headers, body).await
    }

    async fn send_to(app: Router, method: &str, uri: &str, headers: &[(&str, &str)], body: &str) -> Response {
        let mut request = Request::builder()
            .method(Method::from_bytes(method.as_bytes()).expect("a method"))
            .uri(uri)
            .header("host", "hub.test")
            .header("content-type", "application/json");
        if uri.starts_with("/_lab/") {
            request = request.header("authorization", format!("Lab {LAB_KEY}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).expect("a request");
        let response = app.oneshot(request).await.expect("infallible");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        Response {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    /// Opens a URL (or a path) in a browser.
    pub(crate) async fn open(&self, url: &str) -> Response {
        self.send("GET", url.strip_prefix(HUB).unwrap_or(url), &[], "").await
    }

    pub(crate) fn claims(&self, oid: Uuid) -> Value {
        json!({
            "aud": "https://apihub.azure.com", "iss": issuer(ORIGIN, self.tenant, TokenVersion::V1), "tid": self.tenant,
            "iat": self.now.as_seconds() - 300, "nbf": self.now.as_seconds() - 300, "exp": self.now.as_seconds() + 3_600,
            "oid": oid, "sub": "pairwise", "appid": Uuid::from_u128(3), "appidacr": "0", "scp": "user_impersonation",
            "uti": "u", "ver": "1.0",
        })
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        format!("Bearer {}", sign_rs256(&ring().active, TokenVersion::V1, claims))
    }

    /// A user's token for the hub.
    pub(crate) fn user(&self, oid: Uuid) -> String {
        self.sign(&self.claims(oid))
    }

    /// An application's own token for the hub.
    pub(crate) fn app_token(&self, oid: Uuid, roles: &[&str]) -> String {
        let mut claims = self.claims(oid);
        claims["scp"] = json!("");
        claims["sub"] = json!(oid);
        claims["idtyp"] = json!("app");
        claims["roles"] = json!(roles);
        self.sign(&claims)
    }

    pub(crate) fn connection_path(&self, rest: &str) -> String {
        format!(
            "/subscriptions/{}/resourceGroups/lab/providers/Microsoft.Web/connections/{rest}{}api-version=2016-06-01",
            self.tenant,
            if rest.contains('?') { '&' } else { '?' }
        )
    }

    /// Calls the control plane about connections.
    pub(crate) async fn arm(&self, token: &str, method: &str, rest: &str, body: &Value) -> Response {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(method, &self.connection_path(rest), &[("authorization", token)], &body).await
    }

    pub(crate) async fn get(&self, name: &str) -> Response {
        self.arm(&self.user(OWNER), "GET", name, &Value::Null).await.expect(200)
    }

    pub(crate) fn api(&self, connector: &str) -> Value {
        json!({"id": format!(
            "/subscriptions/{}/providers/Microsoft.Web/locations/unitedstates/managedApis/{connector}", self.tenant
        )})
    }

    pub(crate) async fn put_connection(&self, name: &str, connector: &str) -> Response {
        let body = json!({"properties": {"displayName": "Orders", "api": self.api(connector)}});
        self.arm(&self.user(OWNER), "PUT", name, &body).await
    }

    /// Requests a consent link as the owner.
    pub(crate) async fn link(&self, name: &str) -> String {
        let body = json!({"parameters": [{
            "parameterName": "token", "redirectUrl": RETURN, "objectId": OWNER, "tenantId": self.tenant,
        }]});
        let answer =
            self.arm(&self.user(OWNER), "POST", &format!("{name}/listConsentLinks"), &body).await.expect(200);
        answer.at("/value/0/link").as_str().expect("a link").to_owned()
    }

    /// Opens the link. Returns the issuer's authorize URL.
    pub(crate) async fn authorize(&self, link: &str) -> Url {
        let answer = self.open(link).await.expect(302);
        answer.header("location").parse().expect("a URL")
    }

    /// Follows the issuer's redirect. Returns the hub's code.
    pub(crate) async fn follow_redirect(&self, authorize: &Url) -> String {
        let redirect_uri = query(authorize, "redirect_uri");
        let mut back: Url = redirect_uri.parse().expect("a URL");
        back.query_pairs_mut()
            .append_pair("code", "issuers-code")
            .append_pair("state", &query(authorize, "state"));
        let answer = self.open(back.as_str()).await.expect(302);
        let to: Url = answer.header("location").parse().expect("a URL");
        assert!(to.as_str().starts_with(RETURN), "{to}");
        query(&to, "code")
    }

    pub(crate) async fn confirm(&self, name: &str, code: &str) -> Response {
        let body = json!({"code": code, "tenantId": self.tenant, "objectId": OWNER});
        self.arm(&self.user(OWNER), "POST", &format!("{name}/confirmConsentCode"), &body).await
    }

    /// Creates a connection and signs in for it. Returns its runtime path.
    pub(crate) async fn connect(&self, name: &str, connector: &str) -> String {
        let answer = self.put_connection(name, connector).await;
        self.sign_in(name).await;
        let url = answer.at("/properties/connectionRuntimeUrl");
        url.as_str().and_then(|url| url.strip_prefix(HUB)).expect("a runtime URL").to_owned()
    }

    pub(crate) async fn sign_in(&self, name: &str) -> Response {
        let authorize = self.authorize(&self.link(name).await).await;
        let code = self.follow_redirect(&authorize).await;
        self.confirm(name, &code).await.expect(200)
    }

    /// Sets the time of the tenant.
    pub(crate) async fn at(&mut self, now: Instant) {
        let body = json!({"now": now}).to_string();
        self.send("PUT", &format!("/_lab/tenants/{}/clock", self.tenant), &[], &body).await.expect(200);
        self.now = now;
    }

    pub(crate) async fn advance(&mut self, span: Span) {
        self.at(self.now + span).await;
    }

    /// Calls through a connection as the owner.
    pub(crate) async fn call(&self, runtime: &str) -> Response {
        self.call_at(self.app.clone(), runtime).await
    }

    /// Calls through a connection by one of several replicas.
    pub(crate) async fn call_at(&self, app: Router, runtime: &str) -> Response {
        let token = self.user(OWNER);
        Self::send_to(app, "GET", &format!("{runtime}/orders"), &[("authorization", &token)], "").await
    }

    /// Returns the journal events of a kind.
    pub(crate) async fn journal(&self, kind: &str) -> Vec<Value> {
        let uri = format!("/_lab/tenants/{}/journal?kind={kind}", self.tenant);
        let answer = self.send("GET", &uri, &[], "").await.expect(200);
        answer.at("/lines").as_array().expect("lines").clone()
    }
}

pub(crate) fn query(url: &Url, name: &str) -> String {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}
