//! What a tenant has in addition to its seed.

use serde::Serialize;
use serde_json::{Map, Value, json};

/// A kind of application, which implies how it authenticates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ApplicationKind {
    /// A native or desktop application, without a credential.
    Public,
    /// A single-page application, without a credential.
    Spa,
    /// A web application with a credential.
    Confidential,
    /// A service that acts on its own behalf, with a credential.
    Daemon,
    /// An API.
    Resource,
}

/// A user in addition to those of the seed. Its sign-in name begins with the role.
///
/// ```
/// use outlive_client::NewUser;
///
/// let auditor = NewUser::new("auditor").directory_role("Global Reader");
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct NewUser {
    pub(crate) role: String,
    members: Map<String, Value>,
}

impl NewUser {
    /// A user with this role.
    pub fn new(role: &str) -> Self {
        Self { role: role.to_owned(), members: Map::new() }
    }

    /// The display name; by default the role.
    pub fn display_name(self, name: &str) -> Self {
        self.with("display_name", name)
    }

    /// A guest.
    pub fn guest(self) -> Self {
        self.with("guest", true)
    }

    /// A user who needs MFA.
    pub fn require_mfa(self) -> Self {
        self.with("require_mfa", true)
    }

    /// A directory role, for example `Global Administrator`.
    pub fn directory_role(mut self, role: &str) -> Self {
        push(&mut self.members, "directory_roles", role.into());
        self
    }

    /// Any other member of a user in the `overlay` of `POST /lab/tenants`.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn into_value(self) -> Value {
        Value::Object(self.members)
    }
}

/// An application in addition to those of the seed. Its ids and its secret are generated.
///
/// ```
/// use outlive_client::{ApplicationKind, NewApplication};
///
/// let app = NewApplication::new("My App", ApplicationKind::Public)
///     .redirect_uri("http://localhost:3000")
///     .requires("Orders.Read");
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct NewApplication {
    pub(crate) name: String,
    members: Map<String, Value>,
}

impl NewApplication {
    /// An application with this display name.
    pub fn new(name: &str, kind: ApplicationKind) -> Self {
        Self { name: name.to_owned(), members: Map::new() }.with("kind", json!(kind))
    }

    /// A redirect URI, whose type follows from the kind of the application.
    pub fn redirect_uri(self, uri: &str) -> Self {
        self.and("redirect_uris", uri.into())
    }

    /// An application ID URI (`api://my-api`).
    pub fn identifier_uri(self, uri: &str) -> Self {
        self.and("identifier_uris", uri.into())
    }

    /// A delegated permission that it offers.
    pub fn scope(self, name: &str) -> Self {
        self.and("scopes", name.into())
    }

    /// An application permission that it offers.
    pub fn app_role(self, name: &str) -> Self {
        self.and("app_roles", name.into())
    }

    /// A required permission of the orders API. Without any, the application requires `User.Read`
    /// of Microsoft Graph, unless it is a daemon or an API.
    pub fn requires(self, permission: &str) -> Self {
        self.and("requires", permission.into())
    }

    /// Required permissions of another API: delegated ones, and application permissions.
    pub fn requires_of(self, api: &str, scopes: &[&str], roles: &[&str]) -> Self {
        self.and("requires", json!({ "api": api, "scopes": scopes, "roles": roles }))
    }

    /// Whether an administrator has consented to the required permissions. By default only for a
    /// daemon.
    pub fn admin_consented(self, consented: bool) -> Self {
        self.with("admin_consented", consented)
    }

    /// Any other member of an application in the `overlay` of `POST /lab/tenants`, for example
    /// `token_version`.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    fn and(mut self, list: &str, value: Value) -> Self {
        push(&mut self.members, list, value);
        self
    }

    pub(crate) fn into_value(self) -> Value {
        Value::Object(self.members)
    }
}

/// Adds a value to the list of this name.
fn push(members: &mut Map<String, Value>, list: &str, value: Value) {
    let mut values = match members.remove(list) {
        Some(Value::Array(values)) => values,
        _ => Vec::new(),
    };
    values.push(value);
    members.insert(list.to_owned(), Value::Array(values));
}
