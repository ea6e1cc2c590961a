//! The evaluated inputs of calls.

use outlive_tokens::Secret;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::definition::ConnectorCall;
use crate::expression::EvaluationError;

/// A call, with evaluated inputs.
#[derive(Clone, Debug)]
pub(crate) enum CallInputs<'d> {
    Operation { call: &'d ConnectorCall, parameters: Map<String, Value> },
    Request(ApiRequest),
    Http(HttpRequest),
}

/// A request through a connection, below its runtime URL.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ApiRequest {
    /// The key in `connectionReferences`.
    pub reference: String,
    pub method: String,
    pub path: String,
    #[serde(default)]
    pub queries: Map<String, Value>,
    #[serde(default)]
    pub headers: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
}

/// A request to a service, with evaluated inputs.
#[derive(Clone, Debug)]
pub(crate) struct HttpRequest {
    pub method: String,
    pub uri: String,
    pub queries: Map<String, Value>,
    pub headers: Map<String, Value>,
    pub body: Option<Value>,
    pub credential: Option<HttpCredential>,
}

#[derive(Clone, Debug)]
pub(crate) enum HttpCredential {
    /// The value of the header `Authorization`.
    Raw(Secret),
    /// A type that is not available here, by name.
    Unavailable(&'static str),
    Basic {
        username: String,
        password: Secret,
    },
    /// An application gets a token.
    Application {
        tenant: String,
        audience: String,
        client_id: String,
        proof: Box<ApplicationProof>,
    },
    /// The certificate in the TLS handshake.
    Certificate(PfxFile),
}

/// How an application proves who it is.
#[derive(Clone, Debug)]
pub(crate) enum ApplicationProof {
    Secret(Secret),
    /// An assertion that is signed with the key of a certificate.
    Certificate(PfxFile),
}

/// A PKCS#12 file in base64, with its password.
#[derive(Clone, Debug)]
pub(crate) struct PfxFile {
    pub pfx: Secret,
    pub password: Secret,
}

/// The inputs for the run history, and for the call.
pub(super) type Evaluated<'d> = Result<(Value, CallInputs<'d>), EvaluationError>;
