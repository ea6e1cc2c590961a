//! The inputs of `Http` actions.

use outlive_tokens::Secret;
use serde_json::{Map, Value, json};

use super::facts::View;
use super::inputs::{ApplicationProof, CallInputs, Evaluated, HttpCredential, HttpRequest, PfxFile};
use crate::definition::{
    ApplicationCredential, CertificateFile, HttpAuthentication, HttpCall, has_user_information,
    is_credential_header,
};
use crate::expression::{EvaluationError, Template};

/// What the run history shows in place of a credential.
pub(super) const SANITIZED: &str = "*sanitized*";

/// The resource for which a managed identity gets a token, if none is given ("Authenticate access
/// and connections to Azure resources with managed identities in Azure Logic Apps").
const DEFAULT_AUDIENCE: &str = "https://management.azure.com/";

/// Evaluates a request.
pub(super) fn request(call: &HttpCall, view: &View<'_>) -> Result<HttpRequest, EvaluationError> {
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
        Some(HttpAuthentication::ManagedIdentity { audience, identity }) => {
            let audience = audience.as_ref().map(|audience| text(audience, "audience")).transpose()?;
            Some(HttpCredential::ManagedIdentity {
                audience: audience.unwrap_or_else(|| DEFAULT_AUDIENCE.to_owned()),
                identity: identity.as_ref().map(|identity| text(identity, "identity")).transpose()?,
            })
        }
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
    if has_user_information(&request.uri) {
        return Err(EvaluationError(
            "the uri contains user information (user:password@), which is not sent; use an authentication of the \
             type Basic"
                .to_owned(),
        ));
    }
    Ok(request)
}

/// Evaluates a request. The inputs for the run history contain no credential.
pub(super) fn evaluate<'d>(call: &HttpCall, view: &View<'_>) -> Evaluated<'d> {
    let request = request(call, view)?;
    let mut recorded = request.headers.clone();
    for (_, value) in recorded.iter_mut().filter(|(name, _)| is_credential_header(name)) {
        *value = json!(SANITIZED);
    }
    let mut inputs = json!({"method": request.method, "uri": request.uri});
    let optional = [
        ("queries", Some(&request.queries).filter(|map| !map.is_empty()).map(|map| json!(map))),
        ("headers", Some(recorded).filter(|map| !map.is_empty()).map(Value::Object)),
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
