//! A temporary tenant with its people: what causes of events and repairs act with.

use outlive_clock::{Instant, Randomness, Span, TenantId};
use outlive_wire::lab_api::{ApplicationCredentials, TenantCredentials};
use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use super::columns::{Client, Kind};
use super::rows::Row;
use super::step::Step;
use super::subject::{Caller, Subject};
use crate::browser::{Arrival, Authenticator, Browser};
use crate::conductor::Target;
use crate::http::Http;
use crate::maker::{Endpoints, Maker, MakerError, UserAccount};
use crate::matrix::MatrixError;
use crate::seed::draw_password;
use crate::tenants::Tenants;

/// The application whose credentials flows use without a user.
const DAEMON: &str = "Nightly Job";
/// The managed identity of the seed that is assigned to flows.
const IDENTITY: &str = "Orders Reader";
const API: &str = "Contoso Orders API";

/// The orders API, as applications require it.
pub(super) struct Api {
    pub(super) client_id: String,
    pub(super) scope_id: String,
}

/// A temporary tenant, its time and its people.
pub(super) struct Workshop<'a> {
    pub(super) tenants: &'a Tenants,
    pub(super) tenant: TenantId,
    pub(super) row: Row,
    credentials: TenantCredentials,
    http: Http,
    pub(super) random: Randomness,
    pub(super) now: Instant,
    /// Whether connectors say that they handle claims challenges.
    pub(super) evaluated: bool,
    pub(super) api: Api,
    pub(super) admin: Maker,
    pub(super) owner: Maker,
    /// The owner in another browser, with a passkey.
    pub(super) owner_with_passkey: Maker,
    pub(super) colleague: Maker,
    /// The owner in the browser with the page of the flow that has a caller.
    pub(super) owner_at_page: Maker,
    pub(super) caller: Caller,
    /// The shared steps of repairs that were taken.
    pub(super) repaired: Vec<Step>,
    /// The id of the Conditional Access policy, if there is one.
    pub(super) policy: String,
}

impl<'a> Workshop<'a> {
    /// Registers a passkey of the owner. No other user signs in yet.
    pub(super) async fn open(
        tenants: &'a Tenants,
        credentials: TenantCredentials,
        row: Row,
        begin: Instant,
    ) -> Result<Self, MatrixError> {
        let tenant = credentials.tenant_id;
        let http = tenants.surface().http().clone();
        let random = tenants.random(tenant);
        let endpoints = Endpoints {
            tenant,
            idp: credentials.urls.idp.clone(),
            hub: credentials.urls.hub.clone(),
            flow: credentials.urls.flow.clone(),
            portal: credentials.maker_portal.clone(),
        };
        let person = |role: &'static str| {
            let user = credentials.user(role).ok_or(MatrixError::Seed(role))?;
            let account =
                UserAccount { upn: user.upn.clone(), id: user.id.clone(), password: user.password.clone() };
            Ok::<_, MatrixError>(Maker::new(http.clone(), endpoints.clone(), account, random.clone()))
        };
        let owner = person("owner")?;
        let mut authenticator = Authenticator::new(random.fork("authenticator"));
        let page = Url::parse(&format!("{}/{tenant}/security-info", credentials.urls.idp))?;
        let mut browser = Browser::new(http.clone());
        let registered =
            authenticator.register(&mut browser, page, &owner.user().upn, &owner.user().password).await;
        registered.map_err(|error| MatrixError::in_row(row.name(), error))?;
        let api = credentials.application(API).ok_or(MatrixError::Seed(API))?.client_id.clone();
        let mut workshop = Self {
            tenants,
            tenant,
            row,
            http: http.clone(),
            random: random.clone(),
            now: begin,
            evaluated: row == Row::ResourceEvaluates,
            api: Api { client_id: api, scope_id: String::new() },
            admin: person("admin")?,
            owner,
            owner_with_passkey: person("owner")?.with_passkey(authenticator),
            colleague: person("colleague")?,
            owner_at_page: person("owner")?,
            caller: Caller::Owner,
            repaired: Vec::new(),
            policy: String::new(),
            credentials,
        };
        workshop.now = tenants.time(tenant).await?.0.now;
        let path = format!("/v1.0/applications(appId='{}')", workshop.api.client_id);
        let api = workshop.graph(Method::GET, &path, None).await?;
        let scopes = api.pointer("/api/oauth2PermissionScopes").and_then(Value::as_array);
        let scope = scopes.into_iter().flatten().find(|scope| scope["value"] == "Orders.Read");
        workshop.api.scope_id =
            scope.and_then(|scope| scope["id"].as_str()).ok_or(MatrixError::Seed("Orders.Read"))?.to_owned();
        Ok(workshop)
    }

    pub(super) const fn http(&self) -> &Http {
        &self.http
    }

    /// The origin of the identity provider.
    pub(super) fn idp(&self) -> &str {
        &self.credentials.urls.idp
    }

    /// Names the row in an error.
    pub(super) fn failed(&self, error: MakerError) -> MatrixError {
        MatrixError::in_row(self.row.name(), error)
    }

    /// Returns the client id of an application of the seed.
    pub(super) fn client_id_of(&self, name: &'static str) -> Result<&str, MatrixError> {
        Ok(&self.credentials.application(name).ok_or(MatrixError::Seed(name))?.client_id)
    }

    pub(super) fn daemon(&self) -> Result<&ApplicationCredentials, MatrixError> {
        self.credentials.application(DAEMON).ok_or(MatrixError::Seed(DAEMON))
    }

    /// Returns the resource id of an identity that can be assigned to flows.
    pub(super) fn identity(&self) -> Result<&str, MatrixError> {
        let mut identities = self.credentials.managed_identities.iter();
        let identity = identities.find(|identity| identity.name == IDENTITY);
        Ok(&identity.ok_or(MatrixError::Seed(IDENTITY))?.resource_id)
    }

    /// Returns a key of the orders API.
    pub(super) fn key(&self) -> Result<&str, MatrixError> {
        let key = self.credentials.api_keys.first().ok_or(MatrixError::Seed("a key of the orders API"))?;
        Ok(&key.key)
    }

    /// The redirect URI of all connectors.
    pub(super) fn redirect_uri(&self) -> String {
        format!("{}/redirect", self.credentials.urls.hub)
    }

    /// Moves the tenant's time, with all due work.
    pub(super) async fn advance(&mut self, by: Span) -> Result<(), MatrixError> {
        let clock = self.tenants.clock(self.tenant).await?;
        Box::pin(clock.advance(Target::By(by), &|_| {})).await?;
        self.now = self.tenants.time(self.tenant).await?.0.now;
        Ok(())
    }

    /// Moves the tenant's time to an instant.
    pub(super) async fn advance_to(&mut self, at: Instant) -> Result<(), MatrixError> {
        let clock = self.tenants.clock(self.tenant).await?;
        Box::pin(clock.advance(Target::At(at), &|_| {})).await?;
        self.now = self.tenants.time(self.tenant).await?.0.now;
        Ok(())
    }

    /// Raises a lab event, at the next whole second. The owner then uses the password that it set.
    pub(super) async fn raise(&mut self, event: Value) -> Result<(), MatrixError> {
        Box::pin(self.tenants.raise(self.tenant, event)).await?;
        self.now = self.tenants.time(self.tenant).await?.0.now;
        self.credentials = self.tenants.credentials(self.tenant).await?;
        let owner = self.credentials.user("owner").ok_or(MatrixError::Seed("owner"))?;
        self.owner.set_password(&owner.password);
        Ok(())
    }

    /// Calls Microsoft Graph as an administrator.
    pub(super) async fn graph(
        &mut self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, MatrixError> {
        let answer = Box::pin(self.admin.graph(self.now, method, path, body)).await;
        Ok(answer.map_err(|error| self.failed(error))?.expect()?)
    }

    pub(super) async fn patch_application(&mut self, client: &str, body: &Value) -> Result<(), MatrixError> {
        let path = format!("/v1.0/applications(appId='{client}')");
        self.graph(Method::PATCH, &path, Some(body)).await.map(drop)
    }

    /// Adds a client secret to an application, and returns it.
    pub(super) async fn add_secret(&mut self, client: &str) -> Result<String, MatrixError> {
        let path = format!("/v1.0/applications(appId='{client}')/addPassword");
        let added = self.graph(Method::POST, &path, Some(&json!({}))).await?;
        Ok(added["secretText"].as_str().unwrap_or_default().to_owned())
    }

    /// Registers the certificate of a connector on its application, in place of others.
    pub(super) async fn register_certificate(
        &mut self,
        client: &str,
        api: &Value,
    ) -> Result<(), MatrixError> {
        let certificate = &api["properties"]["certificate"];
        self.patch_application(client, &json!({"keyCredentials": [certificate]})).await
    }

    /// The owner signs in to a connection, as for its column.
    pub(super) async fn sign_in(&mut self, subject: &Subject) -> Result<(), MatrixError> {
        let now = self.now;
        let by_passkey = matches!(subject.column.kind, Kind::Delegated(Client::Public { passkey: true }));
        let owner = if by_passkey { &mut self.owner_with_passkey } else { &mut self.owner };
        let signed_in = Box::pin(owner.follow_consent_link(now, subject.connection())).await;
        signed_in.map_err(|error| self.failed(error))
    }

    /// The owner replaces the password on the page for it.
    pub(super) async fn change_password(&mut self) -> Result<(), MatrixError> {
        let new = draw_password(&mut self.random.stream("matrix-password"));
        let row = self.row.name();
        let page = Url::parse(&format!("{}/{}/changepassword", self.credentials.urls.idp, self.tenant))?;
        let mut browser = Browser::new(self.http.clone());
        let (upn, old) = (self.owner.user().upn.clone(), self.owner.user().password.clone());
        let form = browser
            .sign_in_to(page, &upn, &old, "newpasswd")
            .await
            .map_err(|error| MatrixError::in_row(row, error))?;
        let typed = [("oldpasswd", old.as_str()), ("newpasswd", &new), ("confirmpasswd", &new)];
        let arrival = browser.submit(&form, &typed, &|_| false).await;
        match arrival.map_err(|error| MatrixError::in_row(row, error))? {
            Arrival::Page(page) if page.status >= 400 || page.form_with("newpasswd").is_some() => {
                Err(MatrixError::in_row(row, crate::browser::refused(&page)))
            }
            _ => {
                self.owner.set_password(&new);
                Ok(())
            }
        }
    }
}
