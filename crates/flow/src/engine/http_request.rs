//! The inputs of `Http` actions.

use outlive_tokens::Secret;
use serde_json::{Map, Value, json};

use super::facts::View;
use super::inputs::{ApplicationProof, CallInputs, Evaluated, HttpCredential, HttpRequest, PfxFile};
use crate::definition::{ApplicationCredential, CertificateFile, HttpAuthentication, HttpCall};
use crate::expression::{EvaluationError, Template};

/// What the run history shows in place of a credential.
const SANITIZED: &str = "*sanitized*";

/// Evaluates a request. The inputs for the run history contain no credential.
pub(super) fn evaluate<'d>(call: &HttpCall, view: &View<'_>) -> Evaluated<'d> {
    let text = |template: &Template, what: &str| match template.evaluate(view)? {
        Value::String(text) => Ok(text),
        _ => Err(EvaluationError(format!("the {what} is not a string"))),
    };
    let map = |template: &Option<Template>, what: &str| match template
        .as_ref()
        .map(|template| template.evaluate(view))
        .transpose()?
    {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(map)) => Ok(map),
        Some(_) => Err(EvaluationError(format!("the {what} are not an object"))),
    };
    let file = |file: &CertificateFile| {
        let password = file.password.as_ref().map(|password| text(password, "password")).transpose()?;
        Ok::<_, EvaluationError>(PfxFile {
            pfx: Secret::new(text(&file.pfx, "pfx")?),
            password: Secret::new(password.unwrap_or_default()),
        })
    };
    let credential = match &call.authentication {
        None => None,
        Some(HttpAuthentication::Unavailable(kind)) => Some(HttpCredential::Unavailable(kind)),
        Some(HttpAuthentication::Raw(value)) => {
            Some(HttpCredential::Raw(Secret::new(text(value, "value of the authentication")?)))
        }
        Some(HttpAuthentication::Basic { username, password }) => Some(HttpCredential::Basic {
            username: text(username, "username")?,
            password: Secret::new(text(password, "password")?),
        }),
        Some(HttpAuthentication::ClientCertificate(certificate)) => {
            Some(HttpCredential::Certificate(file(certificate)?))
        }
        Some(HttpAuthentication::ActiveDirectoryOAuth { tenant, audience, client_id, credential }) => {
            Some(HttpCredential::Application {
                tenant: text(tenant, "tenant")?,
                audience: text(audience, "audience")?,
                client_id: text(client_id, "clientId")?,
                proof: Box::new(match credential {
                    ApplicationCredential::Secret(secret) => {
                        ApplicationProof::Secret(Secret::new(text(secret, "secret")?))
                    }
                    ApplicationCredential::Certificate(certificate) => {
                        ApplicationProof::Certificate(file(certificate)?)
                    }
                }),
            })
        }
    };
    let request = HttpRequest {
        method: text(&call.method, "method")?,
        uri: text(&call.uri, "uri")?,
        queries: map(&call.queries, "queries")?,
        headers: map(&call.headers, "headers")?,
        body: call.body.as_ref().map(|body| body.evaluate(view)).transpose()?,
        credential,
    };
    let mut shown = request.headers.clone();
    for (_, value) in shown.iter_mut().filter(|(name, _)| name.eq_ignore_ascii_case("authorization")) {
        *value = json!(SANITIZED);
    }
    let mut inputs = json!({"method": request.method, "uri": request.uri});
    let optional = [
        ("queries", Some(&request.queries).filter(|map| !map.is_empty()).map(|map| json!(map))),
        ("headers", Some(shown).filter(|map| !map.is_empty()).map(Value::Object)),
        ("body", request.body.clone()),
        ("authentication", request.credential.as_ref().map(|_| json!(SANITIZED))),
    ];
    for (member, value) in optional {
        if let Some(value) = value {
            inputs[member] = value;
        }
    }
    Ok((inputs, CallInputs::Http(request)))
}
