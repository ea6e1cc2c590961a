//! The lab API, as any script calls it.

use std::time::Duration;

use outlive_clock::{Instant, Span, TenantId};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::{CallError, Http, send};
use crate::matrix::Matrix;
use crate::tenants::Handout;
use crate::why::Why;

/// The longest that moving time may take, in wall time: years of hourly runs.
const MOVE_TIMEOUT: Duration = Duration::from_secs(3_600);
/// Most journal pages read for one question.
const PAGES_MAX: usize = 10_000;

/// The lab did not do what a step needs.
pub type LabError = CallError;

/// A lab somewhere.
#[derive(Clone, Debug)]
pub struct LabClient {
    http: Http,
    lab: String,
}

/// A tenant's time.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Clock {
    /// Virtual time.
    pub now: Instant,
    /// Pieces of due work done, if time was moved.
    #[serde(default)]
    pub done: u64,
    /// How many of them failed.
    #[serde(default)]
    pub failed: u64,
}

/// What journal lines are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Kind, or a prefix that ends in a dot.
    pub kind: Option<String>,
    /// Subject.
    pub subject: Option<String>,
    /// Trace.
    pub trace: Option<String>,
}

impl LabClient {
    /// The lab at this origin.
    #[must_use]
    pub fn new(http: Http, origin: &str) -> Self {
        Self { http, lab: origin.trim_end_matches('/').to_owned() }
    }

    /// The same lab for calls of another trace.
    #[must_use]
    pub fn traced(&self, http: Http) -> Self {
        Self { http, lab: self.lab.clone() }
    }

    fn url(&self, tenant: &str, rest: &str) -> String {
        format!("{}/lab/tenants/{tenant}{rest}", self.lab)
    }

    /// The matrix of credentials of an edition, executed; of the lab's own rules if none is named.
    ///
    /// # Errors
    /// No such edition (status 400), or the lab did not come to an end.
    pub async fn matrix(&self, rules: Option<&str>) -> Result<Matrix, LabError> {
        let url = format!("{}/lab/matrix/credentials", self.lab);
        let request = self.http.request(Method::POST, &url).timeout(MOVE_TIMEOUT);
        send(request.json(&json!({ "rules": rules }))).await?.expect()
    }

    /// The explanation of a token, code, cookie, connection or run.
    ///
    /// # Errors
    /// Nothing of that name is known (status 404), or the lab did not answer.
    pub async fn why(&self, tenant: &str, of: &str) -> Result<Why, LabError> {
        let url = self.url(tenant, "/why");
        self.http.send_json(Method::POST, &url, &json!({"of": of})).await?.expect()
    }

    /// Makes a tenant without connections and flows, whose time stands still at `start`.
    ///
    /// # Errors
    /// The lab refused, or did not answer.
    pub async fn create(
        &self,
        name: &str,
        seed: Option<&str>,
        rules: Option<&str>,
        start: Instant,
    ) -> Result<Handout, LabError> {
        let body = json!({
            "name": name, "seed": seed, "rules": rules, "bare": true, "clock": {"now": start, "speed": 0},
        });
        self.http.send_json(Method::POST, &format!("{}/lab/tenants", self.lab), &body).await?.expect()
    }

    /// Removes a tenant.
    ///
    /// # Errors
    /// The lab refused, or did not answer.
    pub async fn delete(&self, tenant: &str) -> Result<(), LabError> {
        send(self.http.request(Method::DELETE, &self.url(tenant, ""))).await?.expect::<Value>().map(drop)
    }

    /// The tenants of the lab, with their domains.
    ///
    /// # Errors
    /// The lab refused, or did not answer.
    pub async fn tenants(&self) -> Result<Vec<(TenantId, String)>, LabError> {
        #[derive(Deserialize)]
        struct List {
            tenants: Vec<Listed>,
        }
        #[derive(Deserialize)]
        struct Listed {
            tenant_id: TenantId,
            domain: String,
        }
        let list: List = self.http.get(&format!("{}/lab/tenants", self.lab)).await?.expect()?;
        Ok(list.tenants.into_iter().map(|listed| (listed.tenant_id, listed.domain)).collect())
    }

    /// A tenant's hand-out.
    ///
    /// # Errors
    /// The lab refused, or did not answer.
    pub async fn handout(&self, tenant: &str) -> Result<Handout, LabError> {
        self.http.get(&self.url(tenant, "")).await?.expect()
    }

    /// A tenant's time.
    ///
    /// # Errors
    /// The lab refused, or did not answer.
    pub async fn clock(&self, tenant: &str) -> Result<Clock, LabError> {
        self.http.get(&self.url(tenant, "/clock")).await?.expect()
    }

    async fn move_clock(&self, tenant: &str, body: Value) -> Result<Clock, LabError> {
        let request = self.http.request(Method::POST, &self.url(tenant, "/clock"));
        send(request.timeout(MOVE_TIMEOUT).json(&body)).await?.expect()
    }

    /// Moves a tenant's time by a span; answers when all work that fell due is done.
    ///
    /// # Errors
    /// The lab refused, or did not answer.
    pub async fn advance(&self, tenant: &str, by: Span) -> Result<Clock, LabError> {
        self.move_clock(tenant, json!({ "advance": by })).await
    }

    /// Moves a tenant's time to an instant; answers when all work that fell due is done.
    ///
    /// # Errors
    /// The lab refused, or did not answer.
    pub async fn set(&self, tenant: &str, to: Instant) -> Result<Clock, LabError> {
        self.move_clock(tenant, json!({ "set": to })).await
    }

    /// Lets an event happen.
    ///
    /// # Errors
    /// The lab refused, or did not answer.
    pub async fn raise(&self, tenant: &str, event: &Value) -> Result<Value, LabError> {
        self.http.send_json(Method::POST, &self.url(tenant, "/events"), event).await?.expect()
    }

    /// All journal lines of a tenant that are wanted, in order.
    ///
    /// # Errors
    /// The lab refused, or did not answer.
    pub async fn journal(&self, tenant: &str, wanted: &Wanted) -> Result<Vec<Value>, LabError> {
        #[derive(Deserialize)]
        struct Page {
            lines: Vec<Value>,
            next: String,
        }
        let url = self.url(tenant, "/journal");
        let mut lines = Vec::new();
        let mut after = String::new();
        for _ in 0..PAGES_MAX {
            let mut parameters = vec![("after", after.clone())];
            for (name, value) in
                [("kind", &wanted.kind), ("subject", &wanted.subject), ("trace", &wanted.trace)]
            {
                parameters.extend(value.clone().map(|value| (name, value)));
            }
            let page: Page = send(self.http.request(Method::GET, &url).query(&parameters)).await?.expect()?;
            if page.lines.is_empty() {
                return Ok(lines);
            }
            lines.extend(page.lines);
            after = page.next;
        }
        let problem = format!("tells more than {PAGES_MAX} pages");
        Err(CallError { call: format!("GET {url}"), problem, status: Some(200) })
    }
}
