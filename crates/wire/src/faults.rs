//! Faults: what goes wrong at a service, for whom, how often and when.

mod words;

use outlive_clock::{Instant, Span};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::lab_api::Service;

/// A fault to add. All time is the tenant's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FaultSpec {
    /// The service at which requests meet the fault.
    pub service: Service,
    /// The endpoint: a name (`token`), or a path with `*` for one segment and `**` for the rest
    /// (`/orders/**`). All by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Only requests of this client (client id).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// Only calls through this connection (id or name); at the hub.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// What happens to such a request.
    #[serde(rename = "do")]
    pub effect: FaultEffect,
    /// The probability that a request meets the fault; 1 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// After how many hits the fault ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// When it begins; now by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub from: Option<Instant>,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub until: Option<Instant>,
    /// How long it lasts, instead of `until` (`PT1H`).
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub lasts: Option<Span>,
}

/// What happens to a request that meets a fault. Several effects combine where that has a meaning.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FaultEffect {
    /// The response has this status instead of being handled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The response is this error of the catalogue (`50173`), with its status and text; at the
    /// issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aadsts: Option<u32>,
    /// The body of the response: a text is sent as it is, anything else as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub body: Option<Value>,
    /// `Retry-After` of the response, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
    /// The response comes so much later. After more than two minutes it does not come at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub delay: Option<Span>,
    /// The connection is closed without a response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drop: Option<Dropped>,
    /// The connection is closed after so many bytes of the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truncate: Option<u32>,
    /// The body is cut in half and not valid JSON, in a complete response.
    #[serde(default, skip_serializing_if = "is_false")]
    pub malform: bool,
    /// The signature of issued tokens is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrong_key: Option<WrongKey>,
    /// The audience of issued tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrong_audience: Option<String>,
    /// The issuer of issued tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrong_issuer: Option<String>,
    /// Issued tokens have expired an hour ago, whatever the response says.
    #[serde(default, skip_serializing_if = "is_false")]
    pub expired: bool,
    /// By how much the clock of the issuer is fast (or slow, `-PT10M`) in issued tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub skew: Option<Span>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// What is lost when a connection is closed without a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Dropped {
    /// The request: it is not handled.
    Request,
    /// The response: the request is handled, and its effects stay.
    Response,
}

/// What is wrong with a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum WrongKey {
    /// Its key is not published.
    Unknown,
    /// It does not fit the token, though its key is published.
    Signature,
}

/// Whether a fault can be met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FaultState {
    /// It has not begun.
    Scheduled,
    /// Requests meet it.
    Active,
    /// Its time is over, or it was hit as often as it may be.
    Ended,
}

/// A fault of a tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Fault {
    /// Its id, which journal events name.
    #[schema(value_type = String)]
    pub id: Uuid,
    /// What was asked for; `for` has become `until`.
    #[serde(flatten)]
    pub spec: FaultSpec,
    /// Whether it can be met now.
    pub state: FaultState,
    /// When it was added.
    #[schema(value_type = String)]
    pub added: Instant,
    /// How many requests it concerned.
    pub requests: u64,
    /// How many of them met it.
    pub hits: u64,
    /// When it was last met.
    #[schema(value_type = Option<String>)]
    pub last_hit: Option<Instant>,
}

/// The faults of a tenant, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Faults {
    /// At most 50 of each service.
    pub faults: Vec<Fault>,
}
