//! Members of an application that are a text, or an object if more is given.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::tenant::RedirectUriSpec;

/// A redirect URI.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged, expecting = "expected a redirect URI, or an object with uri and type")]
pub enum OverlayRedirect {
    /// Of the type that follows from the kind of the application.
    Uri(String),
    /// With its type: `web`, `spa` or `publicClient`.
    Typed(RedirectUriSpec),
}

/// A delegated permission that an API offers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged, expecting = "expected the name of a permission, or an object with value and description")]
pub enum OverlayScope {
    /// Its name.
    Named(String),
    /// With its description.
    Described(DescribedScope),
}

/// A delegated permission with its description on the consent page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DescribedScope {
    /// Its name (`Files.Read`).
    pub value: String,
    /// The description on the consent page.
    #[serde(default)]
    pub description: String,
}

/// Required permissions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(
    untagged,
    expecting = "expected the name of a permission of the seed's API, or an object with api, scopes and roles"
)]
pub enum OverlayRequirement {
    /// A permission of the seed's API, by name: a delegated or an application permission.
    Permission(String),
    /// Permissions of any API.
    OfApi(ApiRequirement),
}

/// Required permissions of one API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiRequirement {
    /// The API, by name, or `Microsoft Graph`.
    pub api: String,
    /// Delegated permissions.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Application permissions.
    #[serde(default)]
    pub roles: Vec<String>,
}
