//! The verbs that act.

use std::collections::BTreeMap;

use outlive_clock::{Instant, Span};
use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;

use super::RefusalExpectation;

/// A user signs in to an application in a browser, and the application redeems the code.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The user's role.
    pub user: Spanned<String>,
    /// The application's name.
    pub app: Spanned<String>,
    /// The requested scopes.
    pub scope: Spanned<String>,
    /// How the user signs in.
    #[serde(default)]
    pub with: With,
    /// Whether "Stay signed in" is selected: the session then survives the end of the browser.
    #[serde(default)]
    pub stay_signed_in: bool,
    /// `current` (default), `previous` (before the last change), or the text to enter.
    #[serde(default = "current")]
    pub password: Spanned<String>,
    /// Whether the application declares that it handles claims challenges (`cp1`), here and when it
    /// refreshes.
    #[serde(default, rename = "can_be_challenged")]
    pub cae_capable: bool,
    /// The name under which the tokens are stored.
    #[serde(default)]
    pub keep: Option<Spanned<String>>,
    /// The expected refusal, if any.
    #[serde(default)]
    pub refused: Option<RefusalExpectation>,
}

/// How a user signs in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum With {
    /// With the password.
    #[default]
    Password,
    /// With a passkey that an earlier step registered.
    Passkey,
    /// With the session of the browser of the user's last sign-in, without interaction
    /// (`prompt=none`).
    Session,
}

fn current() -> Spanned<String> {
    default_text("current")
}

/// The default of a field that is absent.
fn default_text(text: &str) -> Spanned<String> {
    Spanned::new(text.to_owned(), serde_saphyr::Location::UNKNOWN, serde_saphyr::Location::UNKNOWN)
}

/// An application redeems a stored refresh token.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    /// The tokens whose refresh token is presented.
    pub tokens: Spanned<String>,
    /// The requested scopes; by default those of the sign-in.
    #[serde(default)]
    pub scope: Option<String>,
    /// The application that presents the token; by default the one it was issued to.
    #[serde(default)]
    pub by: Option<Spanned<String>>,
    /// The client secret to send; by default the application's own.
    #[serde(default)]
    pub secret: Option<String>,
    /// The `Origin` header; by default the application's own if it is a single-page application.
    #[serde(default)]
    pub origin: Option<Spanned<String>>,
    /// The name under which the new tokens are stored.
    #[serde(default)]
    pub keep: Option<Spanned<String>>,
    /// The expected refusal, if any.
    #[serde(default)]
    pub refused: Option<RefusalExpectation>,
}

/// An application requests an app-only token.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientCredentials {
    /// The application's name.
    pub app: Spanned<String>,
    /// The requested scope (`<resource>/.default`).
    pub scope: Spanned<String>,
    /// The name under which the token is stored.
    #[serde(default)]
    pub keep: Option<Spanned<String>>,
    /// The expected refusal, if any.
    #[serde(default)]
    pub refused: Option<RefusalExpectation>,
}

/// The service that is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum To {
    /// The orders resource.
    Resource,
    /// The hub.
    Hub,
    /// The flow service.
    Flow,
    /// The identity provider.
    Idp,
}

/// A call with a stored access token.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// The tokens whose access token is presented.
    pub tokens: Spanned<String>,
    /// The service.
    #[serde(default = "resource")]
    pub to: To,
    /// The HTTP method.
    #[serde(default = "get")]
    pub method: Spanned<String>,
    /// The path and query.
    pub path: Spanned<String>,
    /// The JSON body.
    #[serde(default)]
    pub body: Option<Value>,
    /// The expected status.
    pub status: Spanned<u16>,
    /// Texts that headers must contain, by header name.
    #[serde(default)]
    pub header_has: BTreeMap<String, String>,
    /// Texts that the body must contain.
    #[serde(default)]
    pub body_has: Vec<String>,
}

const fn resource() -> To {
    To::Resource
}

fn get() -> Spanned<String> {
    default_text("GET")
}

/// A call to Microsoft Graph with a token of a user.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Graph {
    /// The user's role.
    pub user: Spanned<String>,
    /// The HTTP method.
    #[serde(default = "get")]
    pub method: Spanned<String>,
    /// The path and query, from `/v1.0`. Placeholders such as `${user.owner.id}` are replaced.
    pub path: Spanned<String>,
    /// The JSON body.
    #[serde(default)]
    pub body: Option<Value>,
    /// The expected status.
    pub status: Spanned<u16>,
    /// Texts that the body must contain.
    #[serde(default)]
    pub body_has: Vec<String>,
    /// The name under which the `id` in the response is stored: `${object.NAME.id}`.
    #[serde(default)]
    pub keep: Option<Spanned<String>>,
}

/// A user changes the password on the page for it, at the next whole second.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    /// The user's role.
    pub user: Spanned<String>,
    /// The new password; generated by default.
    #[serde(default)]
    pub to: Option<Spanned<String>>,
}

/// A user signs in to the security info page with the password and registers a passkey.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterPasskey {
    /// The user's role.
    pub user: Spanned<String>,
}

/// A lab event, at the next whole second.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// The type (`revoke_sessions`, `admin_reset`, …).
    #[serde(rename = "type")]
    pub kind: Spanned<String>,
    /// The user, by role.
    #[serde(default)]
    pub user: Option<Spanned<String>>,
    /// The application, by name.
    #[serde(default)]
    pub app: Option<Spanned<String>>,
    /// The new password.
    #[serde(default)]
    pub new_password: Option<Spanned<String>>,
    /// The admin portal.
    #[serde(default)]
    pub channel: Option<Spanned<String>>,
    /// The actor (`user`, `admin`).
    #[serde(default)]
    pub by: Option<Spanned<String>>,
    /// An interval. For `sign_in_frequency`, the maximum age of a sign-in; `PT0S` removes the
    /// policy.
    #[serde(default)]
    pub every: Option<Spanned<Span>>,
    /// For `require_mfa`: whether MFA is required.
    #[serde(default)]
    pub required: Option<bool>,
}

/// A user creates a connection in the hub and consents.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateConnection {
    /// The connection's name.
    pub name: Spanned<String>,
    /// The connector's name.
    pub connector: Spanned<String>,
    /// The user's role.
    pub owner: Spanned<String>,
}

/// A user consents for a connection again. Its id must not change.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixConnection {
    /// The connection's name.
    pub connection: Spanned<String>,
}

/// A user creates a flow and starts it. Without `definition` it recurs every `every` and calls one
/// operation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateFlow {
    /// The flow's name in this scenario.
    pub name: Spanned<String>,
    /// The user's role.
    pub owner: Spanned<String>,
    /// The connection it uses.
    pub connection: Spanned<String>,
    /// The interval of its runs: a whole number of minutes, hours or days.
    #[serde(default)]
    pub every: Option<Spanned<Span>>,
    /// The operation it calls.
    #[serde(default = "list_orders")]
    pub operation: Spanned<String>,
    /// A workflow definition instead.
    #[serde(default)]
    pub definition: Option<Value>,
}

fn list_orders() -> Spanned<String> {
    default_text("ListOrders")
}

/// A flow, by its name in this scenario.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowName {
    /// The flow.
    pub flow: Spanned<String>,
}

/// Moves time: by a duration, to an instant, or to the expiry of an access token.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Advance {
    /// The duration.
    #[serde(default)]
    pub by: Option<Spanned<Span>>,
    /// The instant.
    #[serde(default)]
    pub to: Option<Spanned<Instant>>,
    /// The stored tokens to whose access token's expiry time moves.
    #[serde(default)]
    pub to_expiry_of: Option<Spanned<String>>,
    /// The duration before that expiry.
    #[serde(default)]
    pub less: Option<Spanned<Span>>,
    /// The expected number of runs during the advance.
    #[serde(default)]
    pub runs: Option<u64>,
    /// The expected number of failed runs among them.
    #[serde(default)]
    pub failed: Option<u64>,
}
