//! What people do to a tenant, through the lab API.

use std::time::Duration;

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::timeout;

/// The longest, in wall time, that the lab may take to create the seed tenant.
const PATIENCE: Duration = Duration::from_secs(30);

/// A tenant made from the seed, and the lab API's view of it.
#[derive(Debug, Clone)]
pub struct Tenant {
    http: Client,
    lab: String,
    /// What the lab answered when it made the tenant: ids, names, passwords, URLs.
    pub facts: Value,
}

impl Tenant {
    pub(crate) const fn of(http: Client, lab: String, facts: Value) -> Self {
        Self { http, lab, facts }
    }

    pub(crate) async fn create(http: Client, lab: String, wanted: &Value) -> Self {
        let answer = http
            .post(format!("{lab}/lab/tenants"))
            .json(wanted)
            .send()
            .await
            .unwrap_or_else(|error| panic!("the lab API does not answer: {error}"));
        let status = answer.status();
        let body = answer.text().await.unwrap_or_default();
        assert!(status.is_success(), "making a tenant was answered {status}: {body}");
        let facts = serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error} in {body}"));
        Self { http, lab, facts }
    }

    /// Returns an existing tenant once the lab has created it.
    pub(crate) async fn await_creation(http: Client, lab: String, id: &str) -> Self {
        let url = format!("{lab}/lab/tenants/{id}");
        let looks = async {
            loop {
                let answer = http.get(&url).send().await.expect("the lab API answers");
                if answer.status().is_success() {
                    return answer.json().await.expect("JSON");
                }
                crate::pause(Duration::from_millis(20)).await;
            }
        };
        let facts = timeout(PATIENCE, looks).await.expect("the tenant is created");
        Self { http, lab, facts }
    }

    /// The tenant's id.
    ///
    /// # Panics
    /// When the lab API gave none.
    #[must_use]
    pub fn id(&self) -> &str {
        self.facts["tenant_id"].as_str().unwrap_or_else(|| panic!("no tenant_id in {}", self.facts))
    }

    /// The user of `role` (`owner`, `colleague`, `admin`): `{role, upn, id, password}`.
    ///
    /// # Panics
    /// When it does not exist.
    #[must_use]
    pub fn user(&self, role: &str) -> &Value {
        self.one_of("users", "role", role)
    }

    /// The application called `name`: `{name, client_id, kind, secret?, redirect_uris}`.
    ///
    /// # Panics
    /// When it does not exist.
    #[must_use]
    pub fn application(&self, name: &str) -> &Value {
        self.one_of("applications", "name", name)
    }

    fn one_of(&self, list: &str, key: &str, value: &str) -> &Value {
        self.facts[list]
            .as_array()
            .and_then(|items| items.iter().find(|item| item[key] == value))
            .unwrap_or_else(|| panic!("no {key} '{value}' among the {list} in {}", self.facts))
    }

    /// Returns the current tenant credentials.
    ///
    /// # Panics
    /// When the lab API refuses.
    pub async fn look(&self) -> Value {
        self.call(Method::GET, "", None).await
    }

    /// Returns the state of the clock.
    ///
    /// # Panics
    /// When the lab API refuses.
    pub async fn clock(&self) -> Value {
        self.call(Method::GET, "/clock", None).await
    }

    /// Moves time by `span` (`"PT3H"`, `"P89D"`), and returns when all due work is done.
    ///
    /// # Panics
    /// When the lab API refuses.
    pub async fn advance(&self, span: &str) -> Value {
        self.call(Method::POST, "/clock", Some(json!({"advance": span}))).await
    }

    /// Stops the tenant's clock: it moves only by `advance`.
    ///
    /// # Panics
    /// When the lab API refuses.
    pub async fn freeze(&self) -> Value {
        self.call(Method::POST, "/clock", Some(json!({"run": 0}))).await
    }

    /// Raises an event: `{type, user?, app?, …}`.
    ///
    /// # Panics
    /// When the lab API refuses.
    pub async fn happen(&self, event: Value) -> Value {
        self.call(Method::POST, "/events", Some(event)).await
    }

    /// The user of `role` changes the password.
    ///
    /// # Panics
    /// When the lab API refuses.
    pub async fn change_password(&self, role: &str, new_password: &str) -> Value {
        let user = self.user(role)["id"].clone();
        self.happen(json!({"type": "password_change", "user": user, "new_password": new_password})).await
    }

    /// An administrator revokes all sessions of the user of `role`.
    ///
    /// # Panics
    /// When the lab API refuses.
    pub async fn revoke_sessions(&self, role: &str) -> Value {
        let user = self.user(role)["id"].clone();
        self.happen(json!({"type": "revoke_sessions", "by": "admin", "user": user})).await
    }

    /// Returns a page of journal events of this kind, or with this prefix if it ends in a dot.
    ///
    /// # Panics
    /// When the lab API refuses.
    pub async fn journal(&self, kind: &str) -> Value {
        self.call(Method::GET, &format!("/journal?kind={kind}"), None).await
    }

    /// Deletes the tenant with all its data, in every service.
    ///
    /// # Panics
    /// When the lab API refuses.
    pub async fn delete(self) {
        self.call(Method::DELETE, "", None).await;
    }

    /// Calls the lab API below the tenant.
    ///
    /// # Panics
    /// When the lab API refuses.
    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let url = format!("{}/lab/tenants/{}{path}", self.lab, self.id());
        let mut request = self.http.request(method.clone(), &url);
        if let Some(body) = &body {
            request = request.json(body);
        }
        let answer = request.send().await.unwrap_or_else(|error| panic!("{method} {url}: {error}"));
        let status = answer.status();
        let text = answer.text().await.unwrap_or_default();
        assert!(status.is_success(), "{method} {url} was answered {status}: {text}");
        if status == StatusCode::NO_CONTENT || text.is_empty() {
            return Value::Null;
        }
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{method} {url}: {error} in {text}"))
    }
}
