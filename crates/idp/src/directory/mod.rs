//! The directory: tenants, users, applications, consents. Reads return plain values; changes are
//! statements, which the caller commits together with the journal event that records them.

mod app_role;
mod application;
mod application_document;
mod applications;
mod authenticator;
mod cached_store;
mod client_secret;
mod client_secrets;
mod consent;
mod creation;
mod deleted_user;
pub(crate) mod event_stream;
mod grant_object;
mod group;
pub(crate) mod hashing_queue;
mod identity_endpoint;
mod key_credential;
pub(crate) mod limits;
pub(crate) mod managed_identity;
mod memory;
mod outage;
pub(crate) mod passwords;
pub(crate) mod platform;
mod platform_applications;
mod policies;
mod profile;
mod redirect_uri;
mod registrable_uri;
mod resource_name;
mod role_template;
pub(crate) mod sessions;
mod signed_out;
mod tenant;
mod tenant_keys;
mod tenants;
mod user;
pub(crate) mod user_removals;
mod users;

pub(crate) use outlive_wire::tenant as spec;

pub(crate) use app_role::{AppRoleAssignment, PrincipalType, unassign};
pub(crate) use application::Application;
pub(crate) use application_document::{ApplicationDocument, ManagedIdentity};
pub(crate) use authenticator::{Authenticator, SecondFactor};
pub(crate) use cached_store::Directory;
pub(crate) use client_secret::{
    ClientSecrets, PasswordCredential, SECRETS_MAX, SecretMatch, delete_secret, delete_secrets,
    expire_secrets, limit_secrets,
};
pub(crate) use consent::{ALL_PRINCIPALS, grant_scopes, withdraw_scopes};
pub(crate) use creation::{SECRET_LIFETIME, create};
pub(crate) use deleted_user::KEPT_AFTER_DELETION;
pub(crate) use grant_object::{GrantsOf, PermissionGrant};
pub(crate) use group::{Group, GroupDocument};
pub(crate) use identity_endpoint::{IdentityEndpoint, delete_identity_endpoint};
pub(crate) use key_credential::{FederatedCredential, KeyCredential};
pub(crate) use outage::{LASTS_MAX, Outage, OutageKind};
pub(crate) use policies::{Kept, Location, POLICIES_MAX, Policies, TokenLifetime};
pub(crate) use profile::{PASSWORD_NEVER_EXPIRES, UserProfile};
pub(crate) use registrable_uri::{PlainHttp, first_unregistrable, unregistrable};
pub(crate) use role_template::{DirectoryRole, wids_of_application, wids_of_user};
pub(crate) use tenant::{Tenant, use_signing_key};
pub(crate) use tenant_keys::{COLUMN as KEYS_COLUMN, TenantKeys};
pub(crate) use user::{User, shortened_name};
