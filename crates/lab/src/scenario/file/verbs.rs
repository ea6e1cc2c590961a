//! What can be done in a step.

use std::collections::BTreeMap;

use outlive_clock::{Instant, Span};
use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;

use super::RefusalExpectation;

/// A person signs in to an application in a browser and the application redeems the code.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The person's role.
    pub user: Spanned<String>,
    /// The application's name.
    pub app: Spanned<String>,
    /// The scopes asked for.
    pub scope: Spanned<String>,
    /// How the person signs in.
    #[serde(default)]
    pub with: With,
    /// Whether "Stay signed in" is ticked on the page: the browser's session then outlives the browser.
    #[serde(default)]
    pub stay_signed_in: bool,
    /// `current` (the usual), `previous` (the one before the last change), or the text that is typed.
    #[serde(default = "current")]
    pub password: Spanned<String>,
    /// Whether the application says that it can meet a claims challenge (`cp1`); so do its refreshes then.
    #[serde(default)]
    pub can_be_challenged: bool,
    /// The name under which the tokens are kept.
    #[serde(default)]
    pub keep: Option<Spanned<String>>,
    /// What must be refused, where it must be.
    #[serde(default)]
    pub refused: Option<RefusalExpectation>,
}

/// What a person signs in with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum With {
    /// The password is typed.
    #[default]
    Password,
    /// A passkey that was registered in an earlier step.
    Passkey,
    /// Nothing: the browser of the person's last sign-in has a session still, and no page is shown (`prompt=none`).
    Session,
}

fn current() -> Spanned<String> {
    unwritten("current")
}

/// What a field that was left out stands for.
fn unwritten(text: &str) -> Spanned<String> {
    Spanned::new(text.to_owned(), serde_saphyr::Location::UNKNOWN, serde_saphyr::Location::UNKNOWN)
}

/// An application exchanges a refresh token it kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    /// The tokens whose refresh token is presented.
    pub tokens: Spanned<String>,
    /// The scopes asked for; those of the first sign-in if left out.
    #[serde(default)]
    pub scope: Option<String>,
    /// The application that presents it; the one it was issued to if left out.
    #[serde(default)]
    pub by: Option<Spanned<String>>,
    /// The client secret that is sent; the application's own if left out.
    #[serde(default)]
    pub secret: Option<String>,
    /// From which page of a browser it is sent (the `Origin` header); for single-page applications their own if left out.
    #[serde(default)]
    pub origin: Option<Spanned<String>>,
    /// The name under which the new tokens are kept.
    #[serde(default)]
    pub keep: Option<Spanned<String>>,
    /// What must be refused, where it must be.
    #[serde(default)]
    pub refused: Option<RefusalExpectation>,
}

/// An application gets a token for itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientCredentials {
    /// The application's name.
    pub app: Spanned<String>,
    /// The scope asked for (`<resource>/.default`).
    pub scope: Spanned<String>,
    /// The name under which the token is kept.
    #[serde(default)]
    pub keep: Option<Spanned<String>>,
    /// What must be refused, where it must be.
    #[serde(default)]
    pub refused: Option<RefusalExpectation>,
}

/// Which service is called.
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

/// A call with an access token that was kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// The tokens whose access token is presented.
    pub tokens: Spanned<String>,
    /// Which service.
    #[serde(default = "resource")]
    pub to: To,
    /// HTTP method.
    #[serde(default = "get")]
    pub method: Spanned<String>,
    /// Path and query.
    pub path: Spanned<String>,
    /// JSON body.
    #[serde(default)]
    pub body: Option<Value>,
    /// The status that must come.
    pub status: Spanned<u16>,
    /// Texts that must be in headers, by header name.
    #[serde(default)]
    pub header_has: BTreeMap<String, String>,
    /// Texts that must be in the body.
    #[serde(default)]
    pub body_has: Vec<String>,
}

const fn resource() -> To {
    To::Resource
}

fn get() -> Spanned<String> {
    unwritten("GET")
}

/// A call to Microsoft Graph with a person's own token.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Graph {
    /// The person's role.
    pub user: Spanned<String>,
    /// HTTP method.
    #[serde(default = "get")]
    pub method: Spanned<String>,
    /// Path and query, from `/v1.0`; `${user.owner.id}` and the like are filled in.
    pub path: Spanned<String>,
    /// JSON body.
    #[serde(default)]
    pub body: Option<Value>,
    /// The status that must come.
    pub status: Spanned<u16>,
    /// Texts that must be in the body.
    #[serde(default)]
    pub body_has: Vec<String>,
    /// The name under which the `id` of the answer is kept: `${object.NAME.id}`.
    #[serde(default)]
    pub keep: Option<Spanned<String>>,
}

/// A person changes the password on the change-password page, one whole second later than now.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    /// The person's role.
    pub user: Spanned<String>,
    /// The new password; made up if left out.
    #[serde(default)]
    pub to: Option<Spanned<String>>,
}

/// A person signs in by password to the page for security info and registers a passkey there.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterPasskey {
    /// The person's role.
    pub user: Spanned<String>,
}

/// A lab event, one whole second later than now.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// What happens (`revoke_sessions`, `admin_reset`, …).
    #[serde(rename = "type")]
    pub kind: Spanned<String>,
    /// To whom, by role.
    #[serde(default)]
    pub user: Option<Spanned<String>>,
    /// To which application, by name.
    #[serde(default)]
    pub app: Option<Spanned<String>>,
    /// The password from then on.
    #[serde(default)]
    pub new_password: Option<Spanned<String>>,
    /// By which portal.
    #[serde(default)]
    pub channel: Option<Spanned<String>>,
    /// By whom.
    #[serde(default)]
    pub by: Option<Spanned<String>>,
    /// How often: of `sign_in_frequency`, how old a sign-in may be; `PT0S` takes it away.
    #[serde(default)]
    pub every: Option<Spanned<Span>>,
    /// Of `require_mfa`: whether it is required from then on.
    #[serde(default)]
    pub required: Option<bool>,
}

/// A person makes a connection in the hub, signs in for it and confirms it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateConnection {
    /// The connection's name.
    pub name: Spanned<String>,
    /// The connector's name.
    pub connector: Spanned<String>,
    /// The person's role.
    pub owner: Spanned<String>,
}

/// A person signs in for a connection again; its id must stay the same.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixConnection {
    /// The connection's name.
    pub connection: Spanned<String>,
}

/// A person makes a flow and turns it on. Without `definition` it recurs every `every` and calls one operation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateFlow {
    /// The flow's name in this story.
    pub name: Spanned<String>,
    /// The person's role.
    pub owner: Spanned<String>,
    /// The connection it uses.
    pub connection: Spanned<String>,
    /// How often it runs: a whole number of minutes, hours or days.
    #[serde(default)]
    pub every: Option<Spanned<Span>>,
    /// The operation it calls.
    #[serde(default = "list_orders")]
    pub operation: Spanned<String>,
    /// A whole workflow definition instead.
    #[serde(default)]
    pub definition: Option<Value>,
}

fn list_orders() -> Spanned<String> {
    unwritten("ListOrders")
}

/// A flow, by its name in this story.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowName {
    /// The flow.
    pub flow: Spanned<String>,
}

/// Time moves: by a span, to an instant, or to the expiry of an access token.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Advance {
    /// By so much.
    #[serde(default)]
    pub by: Option<Spanned<Span>>,
    /// To that instant.
    #[serde(default)]
    pub to: Option<Spanned<Instant>>,
    /// To the expiry of these tokens' access token.
    #[serde(default)]
    pub to_expiry_of: Option<Spanned<String>>,
    /// So much before that expiry.
    #[serde(default)]
    pub less: Option<Spanned<Span>>,
    /// How many runs must have been done on the way.
    #[serde(default)]
    pub runs: Option<u64>,
    /// How many of them must have failed.
    #[serde(default)]
    pub failed: Option<u64>,
}
