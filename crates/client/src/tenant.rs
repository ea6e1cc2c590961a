//! A tenant, and what happens to it.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::details::{Application, Connection, Connector, Flow, TenantDetails, Urls, User};
use crate::error::Error;
use crate::event::Event;
use crate::fault::{AddedFault, Fault, Faults};
use crate::forge::{ForgedToken, Forgery};
use crate::journal::Journal;
use crate::lab_api::LabApi;
use crate::sign_in::{AuthorizationResponse, SignIn};
use crate::snapshot::{Snapshot, Snapshots};
use crate::tenant_api::TenantApi;
use crate::time::{Clock, Span};
use crate::why::Why;

/// The longest, in wall time, that a drop waits for the deletion.
const DROP_TIMEOUT: Duration = Duration::from_secs(5);

/// A tenant of its own for a test. Dropping it deletes it, and blocks for 5 seconds at most;
/// [`Self::delete`] also reports failures. A test that is killed leaves it to its lifetime.
#[derive(Debug)]
pub struct Tenant {
    api: TenantApi,
    details: TenantDetails,
    is_deleted_on_drop: bool,
}

impl Tenant {
    pub(crate) async fn create(api: LabApi, request: &Value) -> Result<Self, Error> {
        let details: TenantDetails = api.post("/tenants", request).await?;
        let api = TenantApi::new(api, &details.tenant_id);
        Ok(Self { api, details, is_deleted_on_drop: true })
    }

    pub(crate) async fn import(api: LabApi, exported: &str, lifetime: &str) -> Result<Self, Error> {
        let request = api.request(Method::POST, "/tenants").query(&[("import", "")]);
        let request = request.query(&[("lifetime", lifetime)]);
        let request = request.header(CONTENT_TYPE, "application/json").body(exported.to_owned());
        let details: TenantDetails = api.send(request).await?;
        let api = TenantApi::new(api, &details.tenant_id);
        Ok(Self { api, details, is_deleted_on_drop: true })
    }

    pub(crate) async fn open(api: LabApi, id: &str) -> Result<Self, Error> {
        let api = TenantApi::new(api, &path_segment(id));
        let details = api.get("").await?;
        Ok(Self { api, details, is_deleted_on_drop: false })
    }

    /// The tenant's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.details.tenant_id
    }

    /// What it contained when it was created. [`Self::refresh`] reads it again.
    #[must_use]
    pub const fn details(&self) -> &TenantDetails {
        &self.details
    }

    /// The addresses of the services.
    #[must_use]
    pub const fn urls(&self) -> &Urls {
        &self.details.urls
    }

    /// The authority for MSAL and other libraries: the https address of the identity provider if
    /// there is one.
    #[must_use]
    pub fn authority(&self) -> String {
        let urls = self.urls();
        format!("{}/{}", urls.idp_tls.as_ref().unwrap_or(&urls.idp), self.id())
    }

    /// The user with this role, sign-in name or object id.
    ///
    /// # Errors
    /// There is none; the error lists those that exist.
    pub fn user(&self, name: &str) -> Result<&User, Error> {
        let of = |user: &User| [user.role.clone(), user.upn.clone(), user.id.clone()];
        find("user", &self.details.users, name, of)
    }

    /// The application with this name or client id.
    ///
    /// # Errors
    /// There is none; the error lists those that exist.
    pub fn application(&self, name: &str) -> Result<&Application, Error> {
        let of = |application: &Application| [application.name.clone(), application.client_id.clone()];
        find("application", &self.details.applications, name, of)
    }

    /// The connector with this name.
    ///
    /// # Errors
    /// There is none; the error lists those that exist.
    pub fn connector(&self, name: &str) -> Result<&Connector, Error> {
        find("connector", &self.details.connectors, name, |connector| [connector.name.clone()])
    }

    /// The connection with this name.
    ///
    /// # Errors
    /// There is none; the error lists those that exist.
    pub fn connection(&self, name: &str) -> Result<&Connection, Error> {
        find("connection", &self.details.connections, name, |connection| [connection.name.clone()])
    }

    /// The flow with this display name or id.
    ///
    /// # Errors
    /// There is none; the error lists those that exist.
    pub fn flow(&self, name: &str) -> Result<&Flow, Error> {
        find("flow", &self.details.flows, name, |flow| [flow.name.clone(), flow.id.clone()])
    }

    /// Reads its content again, for example after a password was changed.
    ///
    /// # Errors
    /// The lab does not answer, or the tenant was deleted.
    pub async fn refresh(&mut self) -> Result<&TenantDetails, Error> {
        self.details = self.api.get("").await?;
        Ok(&self.details)
    }

    /// Signs a user in to an application, in a new browser, and redeems the code. Await it for the
    /// tokens.
    pub fn sign_in(&self, user: &str, app: &str) -> SignIn<'_> {
        SignIn::new(&self.api, json!({"user": user, "app": app, "redeem": true}))
    }

    /// Does what a user at the browser does with the authorization request of an application, and
    /// returns the response that the browser brings to its redirect URI.
    ///
    /// # Errors
    /// The lab does not answer, or the issuer shows the user an error.
    pub async fn authorize(&self, user: &str, authorize_url: &str) -> Result<AuthorizationResponse, Error> {
        self.api.post("/sign_in", &json!({"user": user, "authorize_url": authorize_url})).await
    }

    /// The user changes the password, to a generated one unless `to` gives it. Await it.
    pub fn change_password(&self, user: &str) -> Event<'_> {
        self.event("password_change").with("user", user)
    }

    /// An administrator resets the password of a user, in the Azure portal unless `channel` names
    /// another. Await it.
    pub fn reset_password(&self, user: &str) -> Event<'_> {
        self.event("admin_reset").with("user", user)
    }

    /// An administrator revokes the sessions and refresh tokens of a user, unless `by` says that it
    /// is the user. Await it.
    pub fn revoke_sessions(&self, user: &str) -> Event<'_> {
        self.event("revoke_sessions").with("user", user).with("by", "admin")
    }

    /// Any event of the lab, for example `expire_secret` with `app`. Await it.
    pub fn event(&self, kind: &str) -> Event<'_> {
        Event::new(&self.api, kind)
    }

    /// Moves time, and returns when all due work is done.
    ///
    /// # Errors
    /// The lab does not answer, or another change is in progress.
    pub async fn advance(&self, by: impl Into<Span>) -> Result<Clock, Error> {
        self.api.change_clock(&json!({"advance": by.into().to_string()})).await
    }

    /// Moves time to an instant (RFC 3339), and returns when all due work is done.
    ///
    /// # Errors
    /// As [`Self::advance`], or the instant has passed.
    pub async fn advance_to(&self, instant: &str) -> Result<Clock, Error> {
        self.api.change_clock(&json!({"set": instant})).await
    }

    /// Lets time run at this many virtual seconds per second; 0 stops it.
    ///
    /// # Errors
    /// As [`Self::advance`].
    pub async fn run_clock(&self, speed: u32) -> Result<Clock, Error> {
        self.api.change_clock(&json!({"run": speed})).await
    }

    /// Returns the tenant's time.
    ///
    /// # Errors
    /// The lab does not answer.
    pub async fn clock(&self) -> Result<Clock, Error> {
        self.api.get("/clock").await
    }

    /// Adds a fault: what goes wrong at a service, for whom, and how often.
    ///
    /// # Errors
    /// The lab does not answer, or there is no such fault.
    pub async fn fault(&self, fault: Fault) -> Result<AddedFault, Error> {
        self.api.post("/faults", &fault.into_json()).await
    }

    /// Returns the faults, the oldest first.
    ///
    /// # Errors
    /// The lab does not answer.
    pub async fn faults(&self) -> Result<Vec<AddedFault>, Error> {
        self.api.get::<Faults>("/faults").await.map(|answer| answer.faults)
    }

    /// Ends a fault.
    ///
    /// # Errors
    /// The lab does not answer, or it has ended.
    pub async fn end_fault(&self, fault: &AddedFault) -> Result<(), Error> {
        self.api.delete(&format!("/faults/{}", path_segment(&fault.id))).await
    }

    /// Puts the state of the tenant aside: data, time, tokens and journal in all services. A tenant
    /// has at most 20 snapshots, each with a name of its own.
    ///
    /// # Errors
    /// The lab does not answer, or the name is taken.
    pub async fn snapshot(&self, name: &str) -> Result<Snapshot, Error> {
        self.api.post("/snapshots", &json!({ "name": name })).await
    }

    /// Returns the snapshots, the oldest first.
    ///
    /// # Errors
    /// The lab does not answer.
    pub async fn snapshots(&self) -> Result<Vec<Snapshot>, Error> {
        self.api.get::<Snapshots>("/snapshots").await.map(|answer| answer.snapshots)
    }

    /// Brings the tenant back to a snapshot, as often as needed. Returns its details, with the
    /// passwords of then.
    ///
    /// # Errors
    /// The lab does not answer, or the snapshot is deleted.
    pub async fn restore(&mut self, snapshot: &Snapshot) -> Result<&TenantDetails, Error> {
        let path = format!("/snapshots/{}/restore", path_segment(&snapshot.id));
        self.details = self.api.post(&path, &json!({})).await?;
        Ok(&self.details)
    }
    /// Returns the whole tenant as JSON: data, time, secrets, tokens and journal, but no snapshots.
    /// [`Lab::import_tenant`](crate::Lab::import_tenant) creates the same tenant again.
    /// [`Lab::import_tenant`](crate::Lab::import_tenant) creates the same tenant from it.
    ///
    /// # Errors
    /// The lab does not answer, or the tenant is too large (32 MiB).
    pub async fn export(&self) -> Result<String, Error> {
        self.api.get::<Box<RawValue>>("/export").await.map(|text| text.get().to_owned())
    }

    /// Deletes a snapshot.
    ///
    /// # Errors
    /// The lab does not answer, or it is deleted already.
    pub async fn delete_snapshot(&self, snapshot: &Snapshot) -> Result<(), Error> {
        self.api.delete(&format!("/snapshots/{}", path_segment(&snapshot.id))).await
    }

    /// Forges a token, for a test of what validates tokens.
    ///
    /// # Errors
    /// The lab does not answer, or there is nothing to copy.
    pub async fn forge(&self, forgery: Forgery) -> Result<ForgedToken, Error> {
        self.api.post("/forge", &forgery.into_json()).await
    }

    /// Explains a token, code, cookie, connection or run: what it is, where it comes from, what
    /// would end it and, if it is refused, why. Takes its id, or the credential itself.
    ///
    /// # Errors
    /// The lab does not answer, or knows nothing of that name.
    pub async fn why(&self, id: &str) -> Result<Why, Error> {
        self.api.post("/why", &json!({ "of": id })).await
    }

    /// The journal of all services. Await it for the lines, in order.
    pub fn journal(&self) -> Journal<'_> {
        Journal::new(&self.api)
    }

    /// Deletes the tenant with all its data. One that is gone already is no error.
    ///
    /// # Errors
    /// The lab does not answer.
    pub async fn delete(mut self) -> Result<(), Error> {
        self.is_deleted_on_drop = false;
        match self.api.delete("").await {
            Err(Error::Rejected(problem)) if problem.status == 404 && problem.title == "TenantNotFound" => {
                Ok(())
            }
            done => done,
        }
    }
}

impl Drop for Tenant {
    fn drop(&mut self) {
        if !self.is_deleted_on_drop {
            return;
        }
        let (lab, id) = (self.api.lab().to_owned(), self.id().to_owned());
        let (report, deleted) = mpsc::channel::<()>();
        // A runtime of its own: that of the test ends with it. Without a thread, the tenant is left
        // to its lifetime.
        let _ = thread::Builder::new().name("delete tenant".to_owned()).spawn(move || {
            // Dropped at the end, whatever the outcome.
            let _report = report;
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
            runtime.block_on(async { TenantApi::new(LabApi::new(&lab)?, &id).delete("").await }).ok()
        });
        // The process may end next.
        let _ = deleted.recv_timeout(DROP_TIMEOUT);
    }
}

/// Finds an item by one of its names, which `of` returns, the first one first.
fn find<'a, T, const N: usize>(
    what: &'static str,
    items: &'a [T],
    name: &str,
    of: impl Fn(&T) -> [String; N],
) -> Result<&'a T, Error> {
    let found = items.iter().find(|item| of(item).iter().any(|known| known == name));
    found.ok_or_else(|| Error::Unknown {
        what,
        name: name.to_owned(),
        known: items.iter().filter_map(|item| of(item).into_iter().next()).collect(),
    })
}

/// An id as a segment of a path.
fn path_segment(id: &str) -> String {
    let kept = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
    id.chars().filter(|character| kept(*character)).collect()
}
