//! A client of the lab API.

use std::time::Duration;

use outlive_clock::{Instant, Span, TenantId};
use outlive_wire::JournalLine;
use outlive_wire::classes::{Class, ClassRequest};
use outlive_wire::faults::{Fault, FaultSpec};
use outlive_wire::forge::{ForgeAnswer, ForgeRequest};
use outlive_wire::lab_api::{
    ClockAnswer, ClockRequest, JournalAnswer, ListedTenant, SignInAnswer, SignInRequest, Snapshot,
    SnapshotRequest, TenantCredentials, TenantList, TenantRequest,
};
use outlive_wire::phone::Phone;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::http::{CallError, Http, send};
use crate::matrix::connections::{ConnectionMatrix, Selection};
use crate::matrix::{Executions, Matrix, MatrixProgress};
use crate::why::Why;

/// Timeout of a request that moves time, in wall time: it may do years of hourly runs.
const MOVE_TIMEOUT: Duration = Duration::from_secs(3_600);
/// Number of journal lines per page.
const PAGE: usize = 1_000;
/// Maximum number of journal pages read for one query.
const PAGES_MAX: usize = 10_000;

/// A failed call of the lab API.
pub type LabError = CallError;

/// A client of one lab. Its methods fail if the lab rejects the request or does not respond.
#[derive(Clone, Debug)]
pub struct LabClient {
    http: Http,
    lab: String,
}

/// Selects journal events.
#[derive(Clone, Debug, Default)]
pub struct JournalFilter {
    /// The kind, or a prefix that ends in a dot.
    pub kind: Option<String>,
    pub subject: Option<String>,
    /// The trace id.
    pub trace: Option<String>,
}

impl LabClient {
    /// Creates a client of the lab at this origin.
    pub fn new(http: Http, origin: &str) -> Self {
        Self { http, lab: origin.trim_end_matches('/').to_owned() }
    }

    /// Returns the origin of the lab.
    pub(crate) fn origin(&self) -> &str {
        &self.lab
    }

    /// Returns a client whose calls belong to the trace of `http`.
    pub(crate) fn traced(&self, http: Http) -> Self {
        Self { http, lab: self.lab.clone() }
    }

    fn url(&self, tenant: TenantId, rest: &str) -> String {
        format!("{}/lab/tenants/{tenant}{rest}", self.lab)
    }

    /// Executes the revocation table of an edition, or of the lab's own rules if none is given.
    ///
    /// # Errors
    /// No such edition (status 400), or the lab did not complete the matrix.
    pub async fn matrix(&self, rules: Option<&str>) -> Result<Matrix, LabError> {
        let url = format!("{}/lab/matrix/credentials", self.lab);
        let request = self.http.request(Method::POST, &url).timeout(MOVE_TIMEOUT);
        send(request.json(&json!({ "rules": rules }))).await?.expect()
    }

    /// Executes selected cells of the matrix of connections, with the lab's own rules if none are
    /// given.
    ///
    /// # Errors
    /// Another edition or an unknown name (status 400), or the lab did not complete the matrix.
    pub async fn connection_matrix(
        &self,
        rules: Option<&str>,
        selection: &Selection,
    ) -> Result<ConnectionMatrix, LabError> {
        let url = format!("{}/lab/matrix/connections", self.lab);
        let request = self.http.request(Method::POST, &url).timeout(MOVE_TIMEOUT);
        let Selection { rows, columns } = selection;
        let body = json!({"rules": rules, "events": rows, "connections": columns});
        send(request.json(&body)).await?.expect()
    }

    /// Returns how far the execution of a matrix is that this client requested; `None` if there is
    /// none.
    ///
    /// # Errors
    /// The lab did not answer, or is of a version that does not count.
    pub async fn matrix_progress(&self) -> Result<Option<MatrixProgress>, LabError> {
        let all: Executions = self.http.get(&format!("{}/lab/matrix", self.lab)).await?.expect()?;
        Ok(all.executions.into_iter().find(|execution| execution.trace == self.http.trace_id()))
    }

    /// Returns the explanation of a token, code, cookie, connection or run.
    ///
    /// # Errors
    /// Nothing with this id or name (status 404), or the lab did not answer.
    pub async fn why(&self, tenant: TenantId, of: &str) -> Result<Why, LabError> {
        let url = self.url(tenant, "/why");
        self.http.send_json(Method::POST, &url, &json!({"of": of})).await?.expect()
    }

    /// Returns what the phone of a user shows: mails and codes.
    ///
    /// # Errors
    /// An unknown user (status 404), or the lab did not answer.
    pub async fn phone(&self, tenant: TenantId, user: &str) -> Result<Phone, LabError> {
        self.http.get(&self.url(tenant, &format!("/phone/{user}"))).await?.expect()
    }

    /// Opens a class.
    ///
    /// # Errors
    /// A number of seats out of bounds or an unknown seed (status 400), or the lab did not create
    /// every tenant.
    pub async fn open_class(&self, class: &ClassRequest) -> Result<Class, LabError> {
        let url = format!("{}/lab/classes", self.lab);
        let request = self.http.request(Method::POST, &url).timeout(MOVE_TIMEOUT);
        send(request.json(class)).await?.expect()
    }

    /// Creates a tenant.
    pub async fn create(&self, tenant: &TenantRequest) -> Result<TenantCredentials, LabError> {
        let url = format!("{}/lab/tenants", self.lab);
        send(self.http.request(Method::POST, &url).json(tenant)).await?.expect()
    }

    /// Signs a user in to an application.
    ///
    /// # Errors
    /// An unknown user or application (status 400), or the issuer refuses the sign-in (409).
    pub(crate) async fn sign_in(
        &self,
        tenant: TenantId,
        request: &SignInRequest,
    ) -> Result<SignInAnswer, LabError> {
        send(self.http.request(Method::POST, &self.url(tenant, "/sign_in")).json(request)).await?.expect()
    }

    /// Deletes a tenant.
    pub async fn delete(&self, tenant: TenantId) -> Result<(), LabError> {
        send(self.http.request(Method::DELETE, &self.url(tenant, ""))).await?.expect::<Value>().map(drop)
    }

    /// Forges a token.
    ///
    /// # Errors
    /// A token that cannot be forged (status 400), or the lab did not answer.
    pub async fn forge(&self, tenant: TenantId, token: &ForgeRequest) -> Result<ForgeAnswer, LabError> {
        let request = self.http.request(Method::POST, &self.url(tenant, "/forge"));
        send(request.json(token)).await?.expect()
    }

    /// Adds a fault.
    ///
    /// # Errors
    /// A fault that cannot be (status 400), or the lab did not answer.
    pub async fn add_fault(&self, tenant: TenantId, fault: &FaultSpec) -> Result<Fault, LabError> {
        let request = self.http.request(Method::POST, &self.url(tenant, "/faults"));
        send(request.json(fault)).await?.expect()
    }

    /// Returns a fault.
    ///
    /// # Errors
    /// No fault with this id (status 404), or the lab did not answer.
    pub async fn fault(&self, tenant: TenantId, id: Uuid) -> Result<Fault, LabError> {
        self.http.get(&self.url(tenant, &format!("/faults/{id}"))).await?.expect()
    }

    /// Removes a fault.
    ///
    /// # Errors
    /// As [`Self::fault`].
    pub async fn remove_fault(&self, tenant: TenantId, id: Uuid) -> Result<(), LabError> {
        let request = self.http.request(Method::DELETE, &self.url(tenant, &format!("/faults/{id}")));
        send(request).await?.expect::<Value>().map(drop)
    }

    /// Takes a snapshot of a tenant.
    ///
    /// # Errors
    /// A name that is taken, or too many snapshots (status 409), or the lab did not answer.
    pub(crate) async fn take_snapshot(&self, tenant: TenantId, name: &str) -> Result<Snapshot, LabError> {
        let request = self.http.request(Method::POST, &self.url(tenant, "/snapshots")).timeout(MOVE_TIMEOUT);
        let body = SnapshotRequest { name: Some(name.to_owned()) };
        send(request.json(&body)).await?.expect()
    }

    /// Restores a tenant to a snapshot.
    ///
    /// # Errors
    /// No snapshot with this id (status 404), or the lab did not restore it.
    pub(crate) async fn restore(&self, tenant: TenantId, snapshot: Uuid) -> Result<(), LabError> {
        let url = self.url(tenant, &format!("/snapshots/{snapshot}/restore"));
        let request = self.http.request(Method::POST, &url).timeout(MOVE_TIMEOUT);
        send(request.json(&json!({}))).await?.expect::<TenantCredentials>().map(drop)
    }

    /// Deletes a snapshot.
    ///
    /// # Errors
    /// No snapshot with this id (status 404), or the lab did not answer.
    pub(crate) async fn delete_snapshot(&self, tenant: TenantId, snapshot: Uuid) -> Result<(), LabError> {
        let request = self.http.request(Method::DELETE, &self.url(tenant, &format!("/snapshots/{snapshot}")));
        send(request).await?.expect::<Value>().map(drop)
    }

    /// Lists the tenants with their domains.
    pub async fn tenants(&self) -> Result<Vec<ListedTenant>, LabError> {
        let list: TenantList = self.http.get(&format!("{}/lab/tenants", self.lab)).await?.expect()?;
        Ok(list.tenants)
    }

    /// Returns the tenant credentials.
    pub async fn credentials(&self, tenant: TenantId) -> Result<TenantCredentials, LabError> {
        self.http.get(&self.url(tenant, "")).await?.expect()
    }

    /// Returns the state of a tenant's clock.
    pub async fn clock(&self, tenant: TenantId) -> Result<ClockAnswer, LabError> {
        self.http.get(&self.url(tenant, "/clock")).await?.expect()
    }

    async fn move_clock(&self, tenant: TenantId, change: ClockRequest) -> Result<ClockAnswer, LabError> {
        let request = self.http.request(Method::POST, &self.url(tenant, "/clock"));
        send(request.timeout(MOVE_TIMEOUT).json(&change)).await?.expect()
    }

    /// Moves a tenant's time by a span, and returns when all due work is done.
    pub async fn advance(&self, tenant: TenantId, by: Span) -> Result<ClockAnswer, LabError> {
        self.move_clock(tenant, ClockRequest { advance: Some(by), ..ClockRequest::default() }).await
    }

    /// Moves a tenant's time to an instant, and returns when all due work is done.
    pub async fn set(&self, tenant: TenantId, to: Instant) -> Result<ClockAnswer, LabError> {
        self.move_clock(tenant, ClockRequest { set: Some(to), ..ClockRequest::default() }).await
    }

    /// Ends an advance in progress, if there is one.
    pub(super) async fn end_advance(&self, tenant: TenantId) {
        let body = json!({"run": 0});
        // A deletion afterwards says what is wrong.
        let _ = self.http.send_json(Method::POST, &self.url(tenant, "/clock"), &body).await;
    }

    /// Raises a lab event.
    pub async fn raise(&self, tenant: TenantId, event: &Value) -> Result<Value, LabError> {
        self.http.send_json(Method::POST, &self.url(tenant, "/events"), event).await?.expect()
    }

    /// Returns the selected journal events of a tenant, in order.
    pub async fn journal(
        &self,
        tenant: TenantId,
        filter: &JournalFilter,
    ) -> Result<Vec<JournalLine>, LabError> {
        let url = self.url(tenant, "/journal");
        let mut lines = Vec::new();
        let mut after = String::new();
        for _ in 0..PAGES_MAX {
            let mut parameters = vec![("after", after.clone()), ("limit", PAGE.to_string())];
            for (name, value) in
                [("kind", &filter.kind), ("subject", &filter.subject), ("trace", &filter.trace)]
            {
                parameters.extend(value.clone().map(|value| (name, value)));
            }
            let page: JournalAnswer<JournalLine> =
                send(self.http.request(Method::GET, &url).query(&parameters)).await?.expect()?;
            let is_last = page.lines.is_empty() || page.lines.len() < PAGE && page.missing.is_empty();
            lines.extend(page.lines);
            if is_last {
                return Ok(lines);
            }
            after = page.next;
        }
        let problem = format!("returned more than {PAGES_MAX} pages");
        Err(CallError { call: format!("GET {url}"), problem, status: Some(200) })
    }
}
