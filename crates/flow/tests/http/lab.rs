//! A flow service with its own database, a fake issuer and a fake hub.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use outlive_chassis::{Chassis, ChassisConfig, HostMapping, HostMappings, LabKey, Origins};
use outlive_clock::{Instant, Span, TenantId};
use outlive_flow::{FlowConfig, MIGRATIONS, build};
use outlive_store::{DatabaseUrl, Statement, Store, sql};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tower::ServiceExt;

use crate::fake_hub::{CONNECTION, FakeHub};
use crate::fake_issuer::{CLIENT_ID, CLIENT_SECRET, FakeIssuer, user_token};

pub(crate) const TENANT: &str = "aaaaaaaa-0000-4000-8000-000000000001";
/// The key of the lab surface.
pub(crate) const LAB_KEY: &str = "00112233445566778899aabbccddeeff";
pub(crate) const OWNER: &str = "bbbbbbbb-0000-4000-8000-000000000001";
pub(crate) const COLLEAGUE: &str = "bbbbbbbb-0000-4000-8000-000000000002";
pub(crate) const FLOW: &str = "cccccccc-0000-4000-8000-000000000001";
pub(crate) const START: &str = "2026-01-05T09:00:00Z";

pub(crate) struct Lab {
    pub(crate) issuer: FakeIssuer,
    pub(crate) hub: FakeHub,
    pub(crate) data: TempDir,
    database: DatabaseUrl,
    issuer_url: String,
    hub_url: String,
    /// The hosts that `Http` actions can reach: both are the fake hub.
    http_hosts: Vec<HostMapping>,
    /// The runtime of the fakes, which outlives the service.
    _outside: Runtime,
    service: Option<(Runtime, Router, Store)>,
}

pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Response {
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self.body
    }
}

fn serve(outside: &Runtime, router: Router) -> String {
    let listener = outside.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
    let address = listener.local_addr().expect("an address");
    outside.spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// Creates a database on the server that `scripts/with-postgres` started, if
/// `OUTLIVE_TEST_DATABASE` requires it.
fn postgres(data: &TempDir) -> Option<DatabaseUrl> {
    if std::env::var("OUTLIVE_TEST_DATABASE").as_deref() != Ok("postgres") {
        return None;
    }
    let mut url = url::Url::parse(&std::env::var("OUTLIVE_TEST_POSTGRES_URL").ok()?).expect("a URL");
    let place = data.path().file_name().and_then(|name| name.to_str()).expect("a name");
    let name: String =
        format!("flow{place}").chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    let (host, port) = (url.host_str().expect("a host"), url.port().expect("a port").to_string());
    let created = std::process::Command::new("createdb")
        .args(["-h", host, "-p", &port, "-U", url.username(), &name])
        .status()
        .expect("createdb runs");
    assert!(created.success());
    url.set_path(&name);
    Some(DatabaseUrl::postgres(url.as_str()).expect("a URL"))
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
}

impl Lab {
    /// Starts a service without tenants, on PostgreSQL if the tests use it, else on SQLite.
    pub(crate) fn empty() -> Self {
        Self::on(postgres)
    }

    fn on(database: impl FnOnce(&TempDir) -> Option<DatabaseUrl>) -> Self {
        let (issuer, hub, outside) = (FakeIssuer::default(), FakeHub::default(), runtime());
        let (issuer_url, hub_url) = (serve(&outside, issuer.router()), serve(&outside, hub.router()));
        let data = tempfile::tempdir().expect("a directory");
        let database = database(&data).unwrap_or_else(|| DatabaseUrl::Sqlite(data.path().join("flow.db")));
        let http_hosts = ["api", "other"]
            .map(|name| format!("{name}.contoso.example={hub_url}").parse().expect("a mapping"))
            .to_vec();
        let _outside = outside;
        let service = None;
        let mut lab =
            Self { issuer, hub, data, database, issuer_url, hub_url, http_hosts, _outside, service };
        lab.restart();
        lab
    }

    /// Starts a service with one tenant, whose clock is at [`START`].
    pub(crate) fn new() -> Self {
        Self::empty().with_tenant()
    }

    /// Starts a service with one tenant on SQLite in any case, to read the files.
    pub(crate) fn on_files() -> Self {
        Self::on(|_| None).with_tenant()
    }

    pub(crate) fn with_tenant(self) -> Self {
        self.with_plans(json!([]))
    }

    /// Creates a tenant whose users have these plans.
    pub(crate) fn with_plans(self, plans: Value) -> Self {
        let spec = json!({
            "clock": {"now": START, "speed": 0}, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "plans": plans,
        });
        self.send("PUT", &format!("/_lab/tenants/{TENANT}"), None, Some(spec)).expect(201);
        self
    }

    /// Starts a service with a flow of the owner.
    pub(crate) fn with_flow(definition: Value) -> Self {
        let lab = Self::new();
        lab.put_flow(definition).expect(201);
        lab
    }

    /// Kills the service, whatever it is doing, and restarts it on the same data.
    pub(crate) fn restart(&mut self) {
        if let Some((runtime, router, store)) = self.service.take() {
            drop((router, store));
            drop(runtime);
        }
        self.service = Some(self.launch("one"));
    }

    /// Whether several replicas can share the database.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self.database, DatabaseUrl::Postgres(_))
    }

    /// Starts a replica of the service on the lab's data.
    pub(crate) fn start(&self, replica: &str) -> (Runtime, Router) {
        let (runtime, router, _) = self.launch(replica);
        (runtime, router)
    }

    fn launch(&self, replica: &str) -> (Runtime, Router, Store) {
        let runtime = runtime();
        let (router, store) = runtime.block_on(async {
            let config = ChassisConfig {
                service: "flow",
                database: self.database.clone(),
                data_dir: self.data.path().to_owned(),
                sealing_key: None,
                lab_key: LabKey::new(LAB_KEY).expect("a key"),
                seed: Some(42),
                origins: Origins::new(["http://flow.test"]),
            };
            let chassis = Chassis::start(config, &MIGRATIONS).await.expect("starts");
            let config = FlowConfig {
                idp_url: self.issuer_url.clone(),
                idp_public_url: "http://idp.public.example".to_owned(),
                issuer_origins: vec![self.issuer_url.clone()],
                hub_url: self.hub_url.clone(),
                http_hosts: HostMappings::default().with_mappings(self.http_hosts.clone()),
                authority: None,
                replica: replica.to_owned(),
            };
            let store = chassis.store.clone();
            (build(chassis, config).await.expect("builds"), store)
        });
        (runtime, router, store)
    }

    fn service(&self) -> &(Runtime, Router, Store) {
        self.service.as_ref().expect("the service runs")
    }

    pub(crate) fn request(
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> Request<Body> {
        let mut request = Request::builder().method(method).uri(path).header("host", "flow.test");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if path.starts_with("/_lab/") {
            request = request.header("authorization", format!("Lab {LAB_KEY}"));
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        request.body(body).expect("a request")
    }

    pub(crate) fn send_request(&self, request: Request<Body>) -> Response {
        let (runtime, router, _) = self.service();
        runtime.block_on(async {
            let response = router.clone().oneshot(request).await.expect("infallible");
            let (parts, body) = response.into_parts();
            let bytes = body.collect().await.expect("a body").to_bytes();
            let body =
                serde_json::from_slice(&bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(&bytes)));
            Response { status: parts.status, headers: parts.headers, body }
        })
    }

    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> Response {
        self.send_request(Self::request(method, path, token, body))
    }

    /// Sends a request without waiting for the response.
    pub(crate) fn send_and_forget(&self, method: &str, path: &str) {
        let (runtime, router, _) = self.service();
        let answer = router.clone().oneshot(Self::request(method, path, None, None));
        runtime.spawn(answer);
    }

    /// Sends a request of the owner below `…/flows` without waiting for the response.
    pub(crate) fn send_as_owner_and_forget(&self, method: &str, below: &str) {
        let request = Self::request(method, &path(below), Some(&self.token(OWNER)), Some(json!({})));
        let (runtime, router, _) = self.service();
        runtime.spawn(router.clone().oneshot(request));
    }

    /// Like `send_and_forget`, for any request.
    pub(crate) fn send_request_and_forget(&self, request: Request<Body>) {
        let (runtime, router, _) = self.service();
        runtime.spawn(router.clone().oneshot(request));
    }

    /// Sends a request whose response is waited for later.
    pub(crate) fn send_in_background(&self, method: &str, path: &str) -> JoinHandle<StatusCode> {
        let (runtime, router, _) = self.service();
        let answer = router.clone().oneshot(Self::request(method, path, None, None));
        runtime.spawn(async { answer.await.expect("infallible").status() })
    }

    pub(crate) fn wait_for(&self, response: JoinHandle<StatusCode>) {
        assert_eq!(self.service().0.block_on(response).expect("no panic"), StatusCode::OK);
    }

    pub(crate) fn token(&self, user: &str) -> String {
        self.token_with(user, |_| {})
    }

    pub(crate) fn token_with(&self, user: &str, change: impl FnOnce(&mut Value)) -> String {
        user_token(&self.issuer_url, tenant(), user, change)
    }

    /// Sends a request of the owner below `…/flows`.
    pub(crate) fn owner(&self, method: &str, below: &str, body: Option<Value>) -> Response {
        self.send(method, &path(below), Some(&self.token(OWNER)), body)
    }

    pub(crate) fn put_flow(&self, definition: Value) -> Response {
        self.owner("PUT", &format!("/{FLOW}"), Some(flow(definition)))
    }

    pub(crate) fn now(&self) -> Instant {
        let answer = self.send("GET", &format!("/_lab/tenants/{TENANT}/clock"), None, None).expect(200);
        answer["now"].as_str().expect("an instant").parse().expect("an instant")
    }

    /// Runs everything that is due. Returns `(done, failed)`.
    pub(crate) fn due(&self) -> (u64, u64) {
        let answer = self.send("POST", &format!("/_lab/tenants/{TENANT}/due"), None, None).expect(200);
        (answer["done"].as_u64().expect("done"), answer["failed"].as_u64().expect("failed"))
    }

    pub(crate) fn next_due(&self) -> Option<Instant> {
        let answer = self.send("GET", &format!("/_lab/tenants/{TENANT}/clock"), None, None).expect(200);
        answer["next_due"].as_str().map(|text| text.parse().expect("an instant"))
    }

    pub(crate) fn set_clock(&self, now: Instant) {
        self.send("PUT", &format!("/_lab/tenants/{TENANT}/clock"), None, Some(json!({ "now": now })))
            .expect(200);
    }

    /// Advances time as the conductor does, from due instant to due instant. Returns
    /// `(done, failed)`.
    pub(crate) fn advance(&self, by: Span) -> (u64, u64) {
        let end = self.now() + by;
        let mut sum = self.due();
        while let Some(due) = self.next_due().filter(|due| *due <= end) {
            self.set_clock(due);
            let (done, failed) = self.due();
            assert!(done > 0, "something is due at {due} and nothing is done");
            sum = (sum.0 + done, sum.1 + failed);
        }
        self.set_clock(end);
        sum
    }

    /// Advances time until the present of the tenant is `days` after [`START`]. Items that start no
    /// run are done, too.
    pub(crate) fn advance_to_day(&self, days: i64) {
        let end = START.parse::<Instant>().expect("an instant") + Span::from_days(days);
        self.due();
        while let Some(due) = self.next_due().filter(|due| *due <= end) {
            self.set_clock(due);
            self.due();
            assert!(self.next_due().is_none_or(|next| next > due), "what is due at {due} is done");
        }
        self.set_clock(end);
    }

    /// Returns the runs of the flow, newest first, from all pages.
    pub(crate) fn runs(&self, query: &str) -> Vec<Value> {
        let mut runs = Vec::new();
        let mut next = Some(format!("{}{query}", path(&format!("/{FLOW}/runs"))));
        while let Some(link) = next {
            let page = self.send("GET", &link, Some(&self.token(OWNER)), None).expect(200);
            runs.extend(page["value"].as_array().expect("an array").iter().cloned());
            next = page["nextLink"]
                .as_str()
                .map(|link| link.strip_prefix("http://flow.test").expect("our origin").to_owned());
        }
        runs
    }

    /// Counts the runs in the database, also those that the history does not contain.
    pub(crate) fn stored_runs(&self) -> i64 {
        self.count("runs")
    }

    /// Counts the rows of a table.
    pub(crate) fn count(&self, table: &str) -> i64 {
        let (runtime, _, store) = self.service();
        let count = match table {
            "runs" => sql!("SELECT CAST(COUNT(*) AS BIGINT) AS found FROM runs"),
            "lifecycle" => sql!("SELECT CAST(COUNT(*) AS BIGINT) AS found FROM lifecycle"),
            "repetitions" => sql!("SELECT CAST(COUNT(*) AS BIGINT) AS found FROM repetitions"),
            "failures" => sql!("SELECT CAST(SUM(failures) AS BIGINT) AS found FROM lifecycle"),
            "definitions" => sql!("SELECT CAST(COUNT(*) AS BIGINT) AS found FROM definitions"),
            "access_keys" => sql!("SELECT CAST(COUNT(*) AS BIGINT) AS found FROM access_keys"),
            "subscriptions" => sql!("SELECT CAST(COUNT(*) AS BIGINT) AS found FROM subscriptions"),
            other => panic!("{other}"),
        };
        let row = runtime.block_on(store.row(count));
        row.expect("is read").expect("one row").int("found").expect("a number")
    }

    /// Changes the database behind the back of the service.
    pub(crate) fn change(&self, statement: Statement) {
        let (runtime, _, store) = self.service();
        runtime.block_on(store.commit(statement)).expect("changed");
    }

    /// Replaces the definitions of a flow by texts that no key opens.
    pub(crate) fn spoil_definitions(&self, flow: &str) {
        let (runtime, _, store) = self.service();
        let spoilt = json!({"sealed": "AAAA"});
        let statement = sql!("UPDATE definitions SET document = $1 WHERE flow = $2", spoilt, flow);
        runtime.block_on(store.commit(statement)).expect("is written");
    }

    /// Returns the number of commits of the service.
    pub(crate) fn commits(&self) -> u64 {
        *self.service().2.commits().borrow()
    }

    pub(crate) fn newest_run(&self) -> Value {
        let name = self.runs("")[0]["name"].as_str().expect("a name").to_owned();
        self.owner("GET", &format!("/{FLOW}/runs/{name}"), None).expect(200)
    }

    /// Returns the mails to owners of flows, newest first.
    pub(crate) fn mails(&self) -> Vec<Value> {
        let path = format!("/_lab/tenants/{TENANT}/outbox");
        self.send("GET", &path, None, None).expect(200)["messages"].as_array().expect("mails").clone()
    }

    pub(crate) fn journal(&self, kind: &str) -> Vec<Value> {
        let path = format!("/_lab/tenants/{TENANT}/journal?kind={kind}");
        self.send("GET", &path, None, None).expect(200)["lines"].as_array().expect("lines").clone()
    }
}

pub(crate) fn tenant() -> TenantId {
    TENANT.parse().expect("a tenant")
}

/// Returns a path below `…/flows` in the tenant's environment.
pub(crate) fn path(below: &str) -> String {
    let separator = if below.contains('?') { '&' } else { '?' };
    format!(
        "/providers/Microsoft.ProcessSimple/environments/Default-{TENANT}/flows{below}{separator}api-version=2016-11-01"
    )
}

/// Returns the body that saves a flow.
pub(crate) fn flow(definition: Value) -> Value {
    json!({"properties": {
        "displayName": "Hourly orders",
        "definition": definition,
        "connectionReferences": {"shared_contoso-orders": {
            "runtimeSource": "embedded", "connection": {"name": CONNECTION}, "api": {"name": "shared_contoso-orders"},
        }},
    }})
}

pub(crate) fn call(operation: &str, parameters: Value) -> Value {
    json!({"type": "OpenApiConnection", "runAfter": {}, "inputs": {
        "host": {
            "apiId": "/providers/Microsoft.PowerApps/apis/shared_contoso-orders",
            "connectionName": "shared_contoso-orders", "operationId": operation,
        },
        "parameters": parameters,
        "authentication": "@parameters('$authentication')",
    }})
}

pub(crate) fn definition(trigger: Value, actions: Value) -> Value {
    json!({
        "$schema": "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {
            "$connections": {"defaultValue": {}, "type": "Object"},
            "$authentication": {"defaultValue": {}, "type": "SecureObject"},
        },
        "triggers": trigger,
        "actions": actions,
        "outputs": {},
    })
}

pub(crate) fn hourly() -> Value {
    let trigger =
        json!({"Recurrence": {"type": "Recurrence", "recurrence": {"frequency": "Hour", "interval": 1}}});
    definition(trigger, json!({"List_orders": call("ListOrders", json!({"$top": 5}))}))
}

pub(crate) fn manual(actions: Value) -> Value {
    definition(
        json!({"manual": {"type": "Request", "kind": "Button", "inputs": {"schema": {"type": "object"}}}}),
        actions,
    )
}
