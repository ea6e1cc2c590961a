//! Requests and responses of the lab API (`/lab`): tenants, their time, their journals.

use outlive_clock::{Instant, Span, Speed, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

pub use crate::lab_actions::{
    AuthorizationAnswer, CodeRedeemed, CodeRedemption, ConnectionConfirmation, ConnectionFix,
    ConnectionFixed, ConnectionShare, SignInAnswer, SignInMethod, SignInRequest, SignedIn,
};
pub use crate::operation::{OperationDetails, OperationKind};
use crate::overlay::Overlay;
use crate::seat::SeatOfClass;
pub use crate::service::Service;
pub use crate::snapshots::{Snapshot, SnapshotList, SnapshotRequest, TenantExport};
use crate::tenant::ApplicationKind;

/// A tenant to create. All members are optional.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TenantRequest {
    /// Display name, of at most 200 characters.
    pub name: Option<String>,
    /// Its seed.
    pub seed: Option<String>,
    /// The edition of its revocation table (`2018`, `2021`, `2025-05`, `2025-11`).
    pub rules: Option<String>,
    /// When its time starts: an instant in the past (RFC 3339), or a negative ISO 8601 duration
    /// before now (`-P90D`). Advanced by the same duration, its time is the present. Excludes
    /// `clock.now`.
    #[schema(example = "-P90D")]
    pub starts: Option<String>,
    /// When its time starts and how fast it runs; by default as wall time.
    pub clock: InitialClock,
    /// Users and applications in addition to those of the seed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overlay: Option<Overlay>,
    /// Omit the seed's connections and flows.
    pub bare: bool,
    /// Include the connections, flows and sign-ins that the seed has only for its own tenant.
    pub complete: bool,
    /// How long it exists (wall time, at most `P30D`); it is deleted then. Until it is deleted by a
    /// request if absent.
    #[schema(value_type = Option<String>, example = "P7D")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<Span>,
    /// The seat of a class that it belongs to: it is deleted with the class, and when the seat is
    /// started over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seat: Option<SeatOfClass>,
}

/// The clock of a new tenant.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InitialClock {
    /// Virtual time, RFC 3339.
    #[schema(value_type = Option<String>)]
    pub now: Option<Instant>,
    /// Virtual seconds per wall second, at most 86400; 0 stops the clock.
    #[schema(value_type = Option<u32>)]
    pub speed: Option<Speed>,
}

/// A tenant with its credentials. Contains passwords and secrets: sealed at rest, no `Debug`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct TenantCredentials {
    /// The tenant's id.
    #[schema(value_type = String)]
    pub tenant_id: TenantId,
    /// Its verified domain.
    pub domain: String,
    /// Its display name.
    pub name: String,
    /// Its revocation table.
    pub rules: String,
    /// Its users.
    pub users: Vec<UserCredentials>,
    /// Its applications.
    pub applications: Vec<ApplicationCredentials>,
    /// Its managed identities.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub managed_identities: Vec<ManagedIdentityCredentials>,
    /// The client id of the maker portal.
    pub maker_portal: String,
    /// The hub's connectors.
    pub connectors: Vec<TenantConnector>,
    /// Its connections.
    pub connections: Vec<TenantConnection>,
    /// Its flows.
    pub flows: Vec<TenantFlow>,
    /// The keys of the orders API.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub api_keys: Vec<ApiKey>,
    /// The URLs of the services.
    pub urls: Urls,
}

/// A key of the orders API, for requests below `/key`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct ApiKey {
    /// Its name.
    pub name: String,
    /// The key.
    pub key: String,
}

/// A user.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct UserCredentials {
    /// Role in scenarios (`owner`).
    pub role: String,
    /// Sign-in name.
    pub upn: String,
    /// Object id.
    pub id: String,
    /// The initial password, or the last one set by a lab event.
    pub password: String,
}

/// An application.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct ApplicationCredentials {
    /// Display name.
    pub name: String,
    /// Client id.
    pub client_id: String,
    /// How it authenticates: `public`, `spa`, `confidential`, `daemon`, `resource`.
    pub kind: ApplicationKind,
    /// Its client secret, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Its redirect URIs.
    pub redirect_uris: Vec<String>,
}

/// A managed identity.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct ManagedIdentityCredentials {
    /// Display name.
    pub name: String,
    /// Client id.
    pub client_id: String,
    /// Object id of its service principal.
    pub principal_id: String,
    /// The Azure resource id of the identity, or of the resource that it belongs to.
    pub resource_id: String,
    /// Whether it is a resource of its own.
    pub user_assigned: bool,
    /// The environment of its resource; absent if it is user-assigned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<IdentityEnvironment>,
}

/// The environment variables, in lowercase, with which SDKs find an identity endpoint: the first
/// two as in App Service, or only the last as on a virtual machine.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct IdentityEnvironment {
    /// `IDENTITY_ENDPOINT`.
    pub identity_endpoint: String,
    /// `IDENTITY_HEADER`.
    pub identity_header: String,
    /// `AZURE_POD_IDENTITY_AUTHORITY_HOST`.
    pub azure_pod_identity_authority_host: String,
}

/// A connector.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct TenantConnector {
    /// Its name.
    pub name: String,
}

/// A connection.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct TenantConnection {
    /// Its name.
    pub name: String,
    /// Its connector.
    pub connector: String,
    /// The owner's role.
    pub owner: String,
}

/// A flow.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct TenantFlow {
    /// Its id.
    pub id: String,
    /// Its display name.
    pub name: String,
    /// The owner's role.
    pub owner: String,
    /// The connection it uses.
    pub connection: String,
}

/// The public URLs of the services.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Urls {
    /// The identity provider.
    pub idp: String,
    /// The identity provider over https, if enabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idp_tls: Option<String>,
    /// Microsoft Graph.
    pub graph: String,
    /// The hub.
    pub hub: String,
    /// The resource.
    pub resource: String,
    /// The resource over https, for client certificates, if enabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_tls: Option<String>,
    /// The flow service.
    pub flow: String,
}

impl TenantCredentials {
    /// Returns the user with this role, sign-in name or object id.
    #[must_use]
    pub fn user(&self, id: &str) -> Option<&UserCredentials> {
        self.users.iter().find(|user| user.role == id || user.upn == id || user.id == id)
    }

    /// Returns the application with this name or client id.
    #[must_use]
    pub fn application(&self, id: &str) -> Option<&ApplicationCredentials> {
        self.applications.iter().find(|application| application.name == id || application.client_id == id)
    }
}

/// All tenants.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TenantList {
    /// The tenants of this lab.
    pub tenants: Vec<ListedTenant>,
    /// The tenants that are being deleted: a service that still has them did not respond.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub deleting: Vec<TenantId>,
}

/// A tenant in the list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ListedTenant {
    /// Its id.
    #[schema(value_type = String)]
    pub tenant_id: TenantId,
    /// Its domain.
    pub domain: String,
    /// The services that do not have it, because their database is lost or was replaced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Service>,
}

/// A deletion that is completed later.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DeletionAnswer {
    /// The tenant's id.
    #[schema(value_type = String)]
    pub tenant_id: TenantId,
    /// The services that still have its data.
    pub missing: Vec<Service>,
}

/// A change of a tenant's time: exactly one of the three.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockRequest {
    /// Advance time by a duration (ISO 8601, `PT1H`) of at most 100 years (`P36525D`), and execute
    /// all work that becomes due.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advance: Option<Span>,
    /// Advance to an instant (RFC 3339) at most 100 years away, and execute all work that becomes
    /// due.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set: Option<Instant>,
    /// Run at this number of virtual seconds per wall second, at most 86400; 0 stops the clock, and
    /// ends an advance in progress after its current step.
    #[schema(value_type = Option<u32>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<Speed>,
}

/// A tenant's time.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ClockAnswer {
    /// Virtual time.
    #[schema(value_type = String)]
    pub now: Instant,
    /// Virtual seconds per wall second.
    #[schema(value_type = u32)]
    pub speed: Speed,
    /// When work is due next, in virtual time.
    #[schema(value_type = Option<String>)]
    pub next_due: Option<Instant>,
    /// What happened while time moved.
    #[serde(flatten)]
    pub moved: Option<MovedAnswer>,
    /// The operation in progress, or one that was interrupted and is ended when all services
    /// respond.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<OperationDetails>,
    /// The services that did not respond: their clocks are not included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Service>,
}

impl ClockAnswer {
    /// The number of due work items that were executed while time moved, and of those that failed.
    #[must_use]
    pub fn due_work(&self) -> (u64, u64) {
        self.moved.map_or((0, 0), |moved| (moved.done, moved.failed))
    }
}

/// What happened while time moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MovedAnswer {
    /// Virtual time before.
    #[schema(value_type = String)]
    pub from: Instant,
    /// The number of instants at which work was due.
    pub steps: u64,
    /// The number of due work items (flow runs) that were executed, including failed ones.
    pub done: u64,
    /// The number of those that failed.
    pub failed: u64,
}

/// Journal lines of all services, in order.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(bound = "")]
pub struct JournalAnswer<L = Value> {
    /// The lines.
    #[schema(schema_with = lines_schema)]
    pub lines: Vec<L>,
    /// The value of `after` for the next request.
    pub next: String,
    /// With `newest`: the value of `before` for the lines before these, if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub older: Option<String>,
    /// The services that did not respond; `next` continues at the previous position of their
    /// journals.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Service>,
}

/// The schema of the lines, which the description of the API defines by the kinds of events.
fn lines_schema() -> utoipa::openapi::schema::Array {
    utoipa::openapi::schema::Array::new(utoipa::openapi::Ref::from_schema_name("JournalLine"))
}
