//! The overlay of a tenant: users and applications in addition to those of its seed, with the
//! members that they have in a seed file. Ids, passwords and secrets are generated.

mod by_name;
mod permission;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::by_name::{Listed, Named, by_name, schema_by_name};
pub use self::permission::{
    ApiRequirement, DescribedScope, OverlayRedirect, OverlayRequirement, OverlayScope,
};
use crate::tenant::ApplicationKind;

/// Users and applications on top of the seed, each by its name: `{"auditor": {}}`, or as a list as
/// in a seed file: `[{"role": "auditor"}]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({
    "users": {"auditor": {}},
    "applications": {"My App": {"kind": "public", "redirect_uris": ["http://localhost:3000"]}}
}))]
pub struct Overlay {
    /// Users, by role.
    #[serde(deserialize_with = "by_name")]
    #[schema(schema_with = schema_by_name::<OverlayUser>)]
    pub users: Vec<OverlayUser>,
    /// Applications, by display name.
    #[serde(deserialize_with = "by_name")]
    #[schema(schema_with = schema_by_name::<OverlayApplication>)]
    pub applications: Vec<OverlayApplication>,
}

/// A user. All members are optional.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OverlayUser {
    /// The role in scenarios, which is the local part of the sign-in name; the key, if users are
    /// given by role.
    pub role: String,
    /// Display name; the role if absent.
    pub display_name: Option<String>,
    /// Given name.
    pub given_name: Option<String>,
    /// Family name.
    pub surname: Option<String>,
    /// Mail address.
    pub mail: Option<String>,
    /// Whether the user is a guest.
    pub guest: bool,
    /// Whether the password never expires.
    pub password_never_expires: bool,
    /// Whether MFA is required for the user.
    pub require_mfa: bool,
    /// Directory roles, for example `Global Administrator`.
    pub directory_roles: Vec<String>,
}

/// An application. Only `kind` is required.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OverlayApplication {
    /// Display name; the key, if applications are given by name.
    #[serde(default)]
    pub name: String,
    /// How it authenticates: `public`, `spa`, `confidential`, `daemon` or `resource` (an API).
    pub kind: ApplicationKind,
    /// Redirect URIs: texts, whose type follows from `kind`, or objects with `uri` and `type`.
    #[serde(default)]
    pub redirect_uris: Vec<OverlayRedirect>,
    /// Whether it has a client secret. By default, confidential applications and daemons do, unless
    /// they have certificates.
    #[serde(default)]
    pub secret: Option<bool>,
    /// Certificates (PEM) with whose keys it can authenticate.
    #[serde(default)]
    pub certificates: Vec<String>,
    /// Whether it can use the device code and password grants without a client credential. By
    /// default, only native applications can.
    #[serde(default)]
    pub allow_public_client: Option<bool>,
    /// Application ID URIs (`api://my-api`).
    #[serde(default)]
    pub identifier_uris: Vec<String>,
    /// Delegated permissions that it offers: names, or objects with `value` and `description`.
    #[serde(default)]
    pub scopes: Vec<OverlayScope>,
    /// Application permissions that it offers, by name.
    #[serde(default)]
    pub app_roles: Vec<String>,
    /// Version of the access tokens issued for it: 1 (default) or 2.
    #[serde(default)]
    pub token_version: Option<u8>,
    /// Required permissions: names of permissions of the seed's API, or objects with `api`,
    /// `scopes` and `roles`. By default `User.Read` of Microsoft Graph, as in the portal, unless it
    /// is a daemon or an API.
    #[serde(default)]
    pub requires: Option<Vec<OverlayRequirement>>,
    /// Whether an administrator has consented to all of `requires`. By default only for a daemon.
    #[serde(default)]
    pub admin_consented: Option<bool>,
    /// Front-channel logout URL.
    #[serde(default)]
    pub logout_url: Option<String>,
    /// Whether its users need MFA.
    #[serde(default)]
    pub require_mfa: bool,
    /// Whether it is CAE-enabled: CAE-capable clients receive long-lived tokens for it.
    #[serde(default)]
    pub continuous_access_evaluation: bool,
}

/// A user of a list, for the description of the API.
pub type ListedUser = Listed<OverlayUser>;

/// An application of a list, for the description of the API.
pub type ListedApplication = Listed<OverlayApplication>;

impl Named for OverlayUser {
    const MEMBER: &'static str = "role";
    const WHAT: &'static str = "users";

    fn name(&mut self) -> &mut String {
        &mut self.role
    }
}

impl Named for OverlayApplication {
    const MEMBER: &'static str = "name";
    const WHAT: &'static str = "applications";

    fn name(&mut self) -> &mut String {
        &mut self.name
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(overlay: Value) -> Result<Overlay, String> {
        serde_json::from_value(overlay).map_err(|error| error.to_string())
    }

    #[test]
    fn a_map_and_a_list_are_the_same() {
        let mapped = read(json!({
            "users": {"auditor": {"guest": true}},
            "applications": {"My App": {"kind": "spa", "redirect_uris": ["http://localhost:3000"]}},
        }));
        let listed = read(json!({
            "users": [{"role": "auditor", "guest": true}],
            "applications": [{"name": "My App", "kind": "spa", "redirect_uris": ["http://localhost:3000"]}],
        }));
        assert_eq!(mapped, listed);
        let overlay = mapped.expect("it is valid");
        assert_eq!(overlay.users[0].role, "auditor");
        assert_eq!(read(json!(overlay)), Ok(overlay));
    }

    #[test]
    fn what_has_another_form_is_rejected() {
        for (overlay, message) in [
            (json!({"user": {}}), "unknown field `user`"),
            (json!({"users": {"auditor": {"rol": "x"}}}), "unknown field `rol`"),
            (json!({"users": {"auditor": {"role": "boss"}}}), "the role of 'auditor' is 'boss'"),
            (json!({"users": [{}]}), "missing field `role`"),
            (json!({"users": "auditor"}), "expected users by role, or a list of them"),
            (json!({"applications": [{"kind": "spa"}]}), "missing field `name`"),
            (json!({"applications": {"My App": {}}}), "missing field `kind`"),
            (json!({"applications": {"My App": {"kind": "web"}}}), "unknown variant `web`"),
            (
                json!({"applications": {"My App": {"kind": "spa", "redirect_uris": [3]}}}),
                "a redirect URI, or an object with uri and type",
            ),
            (
                json!({"applications": {"My App": {"kind": "spa", "redirect_uris": [{"uri": "x"}]}}}),
                "missing field `type`",
            ),
            (
                json!({"applications": {"My API": {"kind": "resource", "scopes": [{"value": "x", "name": "x"}]}}}),
                "unknown field `name`, expected `value` or `description`",
            ),
            (
                json!({"applications": {"My App": {"kind": "spa", "requires": [["x"]]}}}),
                "an object with api, scopes and roles",
            ),
        ] {
            let error = read(overlay).expect_err(message);
            assert!(error.contains(message), "{error}");
        }
    }
}
