//! The services' lab surface: tenants, clocks, due work, journal, events.

use std::future::Future;
use std::time::Duration;

use outlive_chassis::{LabKey, RequestBuilder, SendError};
use outlive_clock::{Instant, Span, TenantId};
use outlive_wire::faults::{Fault, FaultSpec, Faults};
use outlive_wire::forge::{ForgeAnswer, Forgery};
use outlive_wire::lab_api::{CodeRedeemed, CodeRedemption};
use outlive_wire::timeline::RunsInRange;
use outlive_wire::{
    COPY_BYTES_MAX, CopyAnswer, CopyState, ExpectedRuns, FlowDetails, GenerationBegun, HeldConnections,
    KnownFlows, MovedOrigin, RunDetails,
};
use reqwest::Method;
use reqwest::header::AUTHORIZATION;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use uuid::Uuid;

use super::event_stream::EventStream;
use super::{ClockChange, ClockState, DueWork, JournalQuery, Origins, Service};
use crate::conductor::Timepieces;
use crate::http::{CallError, Http, send, send_within};

/// A copy that replaces all data of a tenant in a service.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Replacement<'a> {
    /// The lab that creates the tenant.
    pub(crate) lab: &'a str,
    /// The clock afterwards.
    pub(crate) clock: ClockChange,
    /// Whether the copy can be of another installation; the tenant must not exist then.
    pub(crate) create: bool,
    pub(crate) copy: &'a RawValue,
}

/// How long a stream stays open before it is reopened (wall time).
const STREAM_TIMEOUT: Duration = Duration::from_secs(3_600);

/// The longest answer with a copy: it has some members beside the copy.
const COPY_ANSWER_BYTES_MAX: usize = COPY_BYTES_MAX + 4096;

/// The lab surface of all services. Its methods fail if the service rejects the request or does not
/// respond.
#[derive(Clone, Debug)]
pub struct LabSurface {
    http: Http,
    origins: Origins,
    key: LabKey,
}

impl LabSurface {
    /// Creates a client of the services at `origins`, which require `key`.
    pub const fn new(http: Http, origins: Origins, key: LabKey) -> Self {
        Self { http, origins, key }
    }

    /// Returns the origins of the services.
    pub const fn origins(&self) -> &Origins {
        &self.origins
    }

    /// Returns the HTTP client.
    pub const fn http(&self) -> &Http {
        &self.http
    }

    pub(super) fn url(&self, service: Service, path: &str) -> String {
        format!("{}{path}", self.origins.of(service).server)
    }

    /// Creates a request to a lab surface. The key is sent nowhere else.
    pub(super) fn request(&self, method: Method, url: &str) -> RequestBuilder {
        with_key(&self.http, &self.key, method, url)
    }

    /// Checks that a service answers.
    pub async fn health(&self, service: Service) -> Result<(), CallError> {
        self.http.get(&self.url(service, "/healthz")).await?.expect::<Value>().map(drop)
    }

    /// Lists the tenants of a service: all, or those that one lab created.
    pub async fn tenants(&self, service: Service, lab: Option<&str>) -> Result<Vec<TenantId>, CallError> {
        #[derive(Deserialize)]
        struct Known {
            tenants: Vec<TenantId>,
        }
        let url = self.url(service, "/_lab/tenants");
        let request = self.request(Method::GET, &url).query(&lab.map(|lab| [("lab", lab)]));
        Ok(send(request).await?.expect::<Known>()?.tenants)
    }

    /// Creates a tenant in a service, in the name of the lab `lab`. One that is there already is an
    /// error with status 409.
    pub(crate) async fn create_tenant(
        &self,
        service: Service,
        tenant: TenantId,
        clock: ClockChange,
        lab: &str,
        spec: &Value,
    ) -> Result<(), CallError> {
        let mut body = spec.clone();
        if let Some(fields) = body.as_object_mut() {
            fields.insert("lab".to_owned(), lab.into());
            fields.insert("clock".to_owned(), json!(clock));
        }
        let url = self.url(service, &format!("/_lab/tenants/{tenant}"));
        let answer = send(self.request(Method::PUT, &url).json(&body)).await?;
        if answer.status == 201 { Ok(()) } else { Err(answer.refused()) }
    }

    /// Deletes a tenant in a service, with data of incarnations until this one; one that is not
    /// there counts as deleted.
    pub(crate) async fn delete_tenant(
        &self,
        service: Service,
        tenant: TenantId,
        until: Instant,
    ) -> Result<(), CallError> {
        let url = self.url(service, &format!("/_lab/tenants/{tenant}"));
        let request = self.request(Method::DELETE, &url).query(&[("until", until.to_string())]);
        let answer = send(request).await?;
        if matches!(answer.status, 200 | 204 | 404) { Ok(()) } else { Err(answer.refused()) }
    }

    /// Copies all data of a tenant in a service.
    pub(crate) async fn copy(&self, service: Service, tenant: TenantId) -> Result<CopyAnswer, CallError> {
        let url = self.url(service, &format!("/_lab/tenants/{tenant}/copy"));
        send_within(self.request(Method::GET, &url), COPY_ANSWER_BYTES_MAX).await?.expect()
    }

    /// Begins a generation of grants at the identity provider: a restore of the snapshot that is
    /// taken next forgets them.
    pub(crate) async fn begin_generation(&self, tenant: TenantId) -> Result<GenerationBegun, CallError> {
        let url = self.url(Service::Idp, &format!("/_lab/tenants/{tenant}/generation"));
        send(self.request(Method::POST, &url)).await?.expect()
    }

    /// Returns the version of a tenant's data in a service.
    pub(crate) async fn copy_state(
        &self,
        service: Service,
        tenant: TenantId,
    ) -> Result<CopyState, CallError> {
        let url = self.url(service, &format!("/_lab/tenants/{tenant}/copy/state"));
        send(self.request(Method::GET, &url)).await?.expect()
    }

    /// Replaces all data of a tenant in a service by a copy.
    pub(crate) async fn replace(
        &self,
        service: Service,
        tenant: TenantId,
        replacement: Replacement<'_>,
    ) -> Result<(), CallError> {
        let url = self.url(service, &format!("/_lab/tenants/{tenant}/copy"));
        let answer = send(self.request(Method::PUT, &url).json(&replacement)).await?;
        if answer.status == 204 { Ok(()) } else { Err(answer.refused()) }
    }

    /// Reads journal lines of one service.
    pub async fn journal(
        &self,
        service: Service,
        tenant: TenantId,
        query: &JournalQuery,
    ) -> Result<Vec<Value>, CallError> {
        #[derive(Deserialize)]
        struct Lines {
            lines: Vec<Value>,
        }
        let url = self.url(service, &format!("/_lab/tenants/{tenant}/journal"));
        let request = self.request(Method::GET, &url).query(query);
        Ok(send(request).await?.expect::<Lines>()?.lines)
    }

    /// Follows one service's journal and passes every line to `pass_on`. `query.after` is updated,
    /// so that the stream can be resumed.
    pub(crate) async fn follow<F, E>(
        &self,
        service: Service,
        tenant: TenantId,
        query: &mut JournalQuery,
        pass_on: impl Fn(Value) -> F + Send + Sync,
    ) -> Result<(), CallError>
    where
        F: Future<Output = Result<(), E>> + Send,
    {
        let url = self.url(service, &format!("/_lab/tenants/{tenant}/journal/stream"));
        let request = self.request(Method::GET, &url).query(&*query).timeout(STREAM_TIMEOUT);
        let failed = |error: SendError, status| CallError {
            call: format!("GET {url}"),
            problem: error.to_string(),
            status,
        };
        let response = request.send().await.map_err(|error| failed(error, None))?;
        let status = response.status().as_u16();
        let response = response.error_for_status();
        let mut response = response.map_err(|error| failed(error.into(), Some(status)))?;
        let mut events = EventStream::default();
        while let Some(chunk) = response.chunk().await.map_err(|error| failed(error.into(), None))? {
            for line in events.push(&chunk) {
                query.after = line.get("seq").and_then(Value::as_u64).unwrap_or(query.after);
                if pass_on(line).await.is_err() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Raises a lab event at the identity provider.
    pub async fn raise(&self, tenant: TenantId, event: &Value) -> Result<Value, CallError> {
        let url = self.url(Service::Idp, &format!("/_lab/tenants/{tenant}/events"));
        send(self.request(Method::POST, &url).json(event)).await?.expect()
    }

    /// Forges a token at the identity provider.
    pub(crate) async fn forge(&self, tenant: TenantId, forgery: &Forgery) -> Result<ForgeAnswer, CallError> {
        let url = self.url(Service::Idp, &format!("/_lab/tenants/{tenant}/forge"));
        send(self.request(Method::POST, &url).json(forgery)).await?.expect()
    }

    /// Lets the applications of a tenant follow the public origin of the hub.
    pub(crate) async fn follow_origin(&self, tenant: TenantId, moved: &MovedOrigin) -> Result<(), CallError> {
        self.move_registered(tenant, "moved-origin", moved).await
    }

    /// Replaces the origin in the endpoints of event streams.
    pub(crate) async fn follow_event_streams(
        &self,
        tenant: TenantId,
        moved: &MovedOrigin,
    ) -> Result<(), CallError> {
        self.move_registered(tenant, "moved-event-streams", moved).await
    }

    async fn move_registered(
        &self,
        tenant: TenantId,
        what: &str,
        moved: &MovedOrigin,
    ) -> Result<(), CallError> {
        let url = self.url(Service::Idp, &format!("/_lab/tenants/{tenant}/{what}"));
        let answer = send(self.request(Method::POST, &url).json(moved)).await?;
        if answer.status == 204 { Ok(()) } else { Err(answer.refused()) }
    }

    /// Replaces the client secret of a connector.
    pub(crate) async fn replace_connector_secret(
        &self,
        tenant: TenantId,
        connector: &str,
        secret: &str,
    ) -> Result<Value, CallError> {
        // The name is one segment of the path.
        let name: String = url::form_urlencoded::byte_serialize(connector.as_bytes()).collect();
        let path = format!("/_lab/tenants/{tenant}/connectors/{}/client-secret", name.replace('+', "%20"));
        let request = self.request(Method::PUT, &self.url(Service::Hub, &path));
        send(request.json(&json!({"client_secret": secret}))).await?.expect()
    }

    /// Registers a client certificate (PEM) of the orders API.
    pub(crate) async fn register_api_certificate(
        &self,
        tenant: TenantId,
        name: &str,
        certificate: &str,
    ) -> Result<Value, CallError> {
        let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
        let path = format!("/_lab/tenants/{tenant}/certificates/{}", name.replace('+', "%20"));
        let request = self.request(Method::PUT, &self.url(Service::Resource, &path));
        send(request.json(&json!({"certificate": certificate}))).await?.expect()
    }

    /// Returns the facts about a credential, given itself or by id; `None` if it is unknown.
    pub(crate) async fn question<T: DeserializeOwned>(
        &self,
        tenant: TenantId,
        of: &str,
    ) -> Result<Option<T>, CallError> {
        let url = self.url(Service::Idp, &format!("/_lab/tenants/{tenant}/question"));
        let answer = send(self.request(Method::POST, &url).json(&json!({"of": of}))).await?;
        if answer.status == 404 { Ok(None) } else { answer.expect().map(Some) }
    }

    /// Returns the e-mails that a service would have sent to users, newest first.
    pub(crate) async fn outbox(&self, service: Service, tenant: TenantId) -> Result<Vec<Value>, CallError> {
        #[derive(Deserialize)]
        struct Outbox {
            messages: Vec<Value>,
        }
        let url = self.url(service, &format!("/_lab/tenants/{tenant}/outbox"));
        Ok(send(self.request(Method::GET, &url)).await?.expect::<Outbox>()?.messages)
    }

    /// Reads a part of the directory: an object, or a page of a list. `path` has the segments
    /// below `directory`.
    pub(crate) async fn directory<T: DeserializeOwned>(
        &self,
        tenant: TenantId,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<T, CallError> {
        let mut below = format!("/_lab/tenants/{tenant}/directory");
        for segment in path {
            // A dot segment would be resolved away. Nothing has such a name.
            let segment = if matches!(*segment, "." | "..") { "_" } else { segment };
            let segment: String = url::form_urlencoded::byte_serialize(segment.as_bytes()).collect();
            below.push('/');
            below.push_str(&segment.replace('+', "%20"));
        }
        let request = self.request(Method::GET, &self.url(Service::Idp, &below)).query(query);
        send(request).await?.expect()
    }

    /// Redeems an authorization code at the token endpoint `url`, as a public client.
    pub(crate) async fn redeem(
        &self,
        url: &str,
        redemption: &CodeRedemption,
    ) -> Result<CodeRedeemed, CallError> {
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", &redemption.client_id),
            ("code", &redemption.code),
            ("redirect_uri", &redemption.redirect_uri),
            ("code_verifier", &redemption.code_verifier),
        ];
        let answer = send(self.http.request(Method::POST, url).form(&fields)).await?;
        Ok(CodeRedeemed { status: answer.status, body: answer.json() })
    }

    /// Returns the connections of a tenant and what each stores.
    pub(crate) async fn connections(&self, tenant: TenantId) -> Result<HeldConnections, CallError> {
        let url = self.url(Service::Hub, &format!("/_lab/tenants/{tenant}/connections"));
        send(self.request(Method::GET, &url)).await?.expect()
    }

    /// Adds a fault at its service.
    pub(crate) async fn add_fault(&self, tenant: TenantId, fault: &FaultSpec) -> Result<Fault, CallError> {
        let url = self.url(fault.service, &format!("/_lab/tenants/{tenant}/faults"));
        send(self.request(Method::POST, &url).json(fault)).await?.expect()
    }

    /// Returns the faults of a tenant at a service.
    pub(crate) async fn faults(&self, service: Service, tenant: TenantId) -> Result<Vec<Fault>, CallError> {
        let url = self.url(service, &format!("/_lab/tenants/{tenant}/faults"));
        Ok(send(self.request(Method::GET, &url)).await?.expect::<Faults>()?.faults)
    }

    /// Removes a fault. Returns whether it was there.
    pub(crate) async fn remove_fault(
        &self,
        service: Service,
        tenant: TenantId,
        id: Uuid,
    ) -> Result<bool, CallError> {
        let url = self.url(service, &format!("/_lab/tenants/{tenant}/faults/{id}"));
        let answer = send(self.request(Method::DELETE, &url)).await?;
        if answer.status == 404 { Ok(false) } else { answer.expect::<Value>().map(|_| true) }
    }

    /// Removes all faults of a tenant at a service.
    pub(crate) async fn remove_faults(&self, service: Service, tenant: TenantId) -> Result<(), CallError> {
        let url = self.url(service, &format!("/_lab/tenants/{tenant}/faults"));
        send(self.request(Method::DELETE, &url)).await?.expect::<Value>().map(drop)
    }

    /// Returns the flows of a tenant with their latest runs.
    pub(crate) async fn flows(&self, tenant: TenantId) -> Result<KnownFlows, CallError> {
        let url = self.url(Service::Flow, &format!("/_lab/tenants/{tenant}/flows"));
        send(self.request(Method::GET, &url)).await?.expect()
    }

    /// Returns the runs of a tenant's flows between two instants, each or counted by `bin`.
    pub(crate) async fn runs_in_range(
        &self,
        tenant: TenantId,
        (from, until): (Instant, Instant),
        bin: Span,
    ) -> Result<RunsInRange, CallError> {
        let url = self.url(Service::Flow, &format!("/_lab/tenants/{tenant}/timeline"));
        let range = [("from", from.to_string()), ("until", until.to_string())];
        let request = self.request(Method::GET, &url).query(&range).query(&[("bin", bin.as_seconds())]);
        send(request).await?.expect()
    }

    /// Returns how many runs recurrences are going to start until an instant.
    pub(crate) async fn expected_runs(
        &self,
        tenant: TenantId,
        until: Instant,
    ) -> Result<ExpectedRuns, CallError> {
        let url = self.url(Service::Flow, &format!("/_lab/tenants/{tenant}/runs/expected"));
        let request = self.request(Method::GET, &url).query(&[("until", until.to_string())]);
        send(request).await?.expect()
    }

    /// Returns a flow with a page of its run history.
    pub(crate) async fn flow(
        &self,
        tenant: TenantId,
        flow: Uuid,
        history: &[(&str, String)],
    ) -> Result<FlowDetails, CallError> {
        let url = self.url(Service::Flow, &format!("/_lab/tenants/{tenant}/flows/{flow}"));
        send(self.request(Method::GET, &url).query(history)).await?.expect()
    }

    /// Returns a run of a flow with its actions.
    pub(crate) async fn flow_run(
        &self,
        tenant: TenantId,
        flow: Uuid,
        run: &str,
    ) -> Result<RunDetails, CallError> {
        // The name is one segment of the path.
        let run: String = url::form_urlencoded::byte_serialize(run.as_bytes()).collect();
        let run = run.replace('+', "%20");
        let url = self.url(Service::Flow, &format!("/_lab/tenants/{tenant}/flows/{flow}/runs/{run}"));
        send(self.request(Method::GET, &url)).await?.expect()
    }

    /// Returns the number of flow runs of a tenant, by status.
    pub async fn runs(&self, tenant: TenantId) -> Result<Value, CallError> {
        let url = self.url(Service::Flow, &format!("/_lab/tenants/{tenant}/runs"));
        send(self.request(Method::GET, &url)).await?.expect()
    }

    /// Returns the clocks of a tenant in all services. They are changed only while the tenant's
    /// data is of this incarnation.
    pub fn tenant(&self, tenant: TenantId, incarnation: Option<Instant>) -> TenantSurface {
        let urls = Service::ALL.map(|service| {
            let clock = self.url(service, &format!("/_lab/tenants/{tenant}/clock"));
            let due = self.url(service, &format!("/_lab/tenants/{tenant}/due"));
            (clock, due)
        });
        TenantSurface { http: self.http.clone(), key: self.key.clone(), urls, incarnation }
    }
}

fn with_key(http: &Http, key: &LabKey, method: Method, url: &str) -> RequestBuilder {
    http.request(method, url).header(AUTHORIZATION, key.authorization())
}

/// A tenant's clocks. The URLs are built once, because the loop that moves time uses them thousands
/// of times.
#[derive(Clone, Debug)]
pub struct TenantSurface {
    http: Http,
    key: LabKey,
    urls: [(String, String); 4],
    incarnation: Option<Instant>,
}

impl TenantSurface {
    fn request(&self, method: Method, url: &str) -> RequestBuilder {
        with_key(&self.http, &self.key, method, url)
    }
}

impl Timepieces for TenantSurface {
    async fn read(&self, service: Service) -> Result<ClockState, CallError> {
        send(self.request(Method::GET, &self.urls[service.index()].0)).await?.expect()
    }

    async fn set(&self, service: Service, change: ClockChange) -> Result<ClockState, CallError> {
        let url = &self.urls[service.index()].0;
        let change = ClockChange { incarnation: self.incarnation, ..change };
        send(self.request(Method::PUT, url).json(&change)).await?.expect()
    }

    async fn run_due(&self, service: Service, change: Option<ClockChange>) -> Result<DueWork, CallError> {
        let request = self.request(Method::POST, &self.urls[service.index()].1);
        // Without a change, only the incarnation is checked.
        let change = ClockChange { incarnation: self.incarnation, ..change.unwrap_or_default() };
        send(request.json(&change)).await?.expect()
    }
}
