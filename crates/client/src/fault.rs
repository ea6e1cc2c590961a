//! What goes wrong on purpose.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::time::Span;

/// A service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Service {
    /// The identity provider, with its Microsoft Graph.
    Idp,
    /// The hub.
    Hub,
    /// The orders API.
    Resource,
    /// The flow service.
    Flow,
}

/// A fault to add. All time is the tenant's.
///
/// ```
/// use outlive_client::{Fault, Service};
///
/// let outage = Fault::at(Service::Idp).endpoint("token").status(503).lasts("PT1H");
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Fault {
    selection: Map<String, Value>,
    effect: Map<String, Value>,
}

impl Fault {
    /// A fault at a service. Give it at least one effect.
    pub fn at(service: Service) -> Self {
        Self { selection: Map::new(), effect: Map::new() }.with("service", json!(service))
    }

    /// Only at this endpoint: a name (`token`), or a path with `*` for one segment and `**` for the
    /// rest.
    pub fn endpoint(self, endpoint: &str) -> Self {
        self.with("endpoint", endpoint)
    }

    /// Only requests of this client (client id).
    pub fn client(self, client_id: &str) -> Self {
        self.with("client", client_id)
    }

    /// Only calls through this connection; at the hub.
    pub fn connection(self, connection: &str) -> Self {
        self.with("connection", connection)
    }

    /// With this probability, from 0 to 1.
    pub fn probability(self, probability: f64) -> Self {
        self.with("probability", probability)
    }

    /// Ends after so many hits.
    pub fn count(self, hits: u32) -> Self {
        self.with("count", hits)
    }

    /// Lasts this long.
    pub fn lasts(self, span: impl Into<Span>) -> Self {
        self.with("for", span.into().to_string())
    }

    /// Begins at this instant (RFC 3339).
    pub fn from(self, instant: &str) -> Self {
        self.with("from", instant)
    }

    /// Ends at this instant (RFC 3339).
    pub fn until(self, instant: &str) -> Self {
        self.with("until", instant)
    }

    /// The response has this status.
    pub fn status(self, status: u16) -> Self {
        self.having("status", status)
    }

    /// The response is this error (`50173`), at the identity provider.
    pub fn aadsts(self, number: u32) -> Self {
        self.having("aadsts", number)
    }

    /// The response has this `Retry-After`, in seconds.
    pub fn retry_after(self, seconds: u32) -> Self {
        self.having("retry_after", seconds)
    }

    /// The response comes so much later.
    pub fn delay(self, span: impl Into<Span>) -> Self {
        self.having("delay", span.into().to_string())
    }

    /// Any other effect, for example `malform` or `skew`.
    pub fn having(mut self, effect: &str, value: impl Into<Value>) -> Self {
        self.effect.insert(effect.to_owned(), value.into());
        self
    }

    fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.selection.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn into_json(mut self) -> Value {
        self.selection.insert("do".to_owned(), Value::Object(self.effect));
        Value::Object(self.selection)
    }
}

/// A fault of a tenant.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct AddedFault {
    /// Its id, which journal events name.
    pub id: String,
    /// Its service.
    pub service: Service,
    /// `scheduled`, `active` or `ended`.
    pub state: String,
    /// How many requests it concerned.
    pub requests: u64,
    /// How many of them met it.
    pub hits: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Faults {
    pub(crate) faults: Vec<AddedFault>,
}
