//! The inputs of actions that use a connection.

use super::limits;
use super::node::Node;
use super::refusal::Collected;
use super::template_reader::templates_in;
use super::values::{self, RESERVED};
use super::{literals, references, retry_policy};
use crate::expression::Template;
use crate::retry::RetryPolicy;

/// The inputs of an `OpenApiConnection` (reference §4.1).
#[derive(Clone, Debug)]
pub(crate) struct ConnectorCall {
    /// The connector (`shared_contoso-orders`).
    pub api: String,
    /// The key in `connectionReferences`.
    pub reference: String,
    /// The operation in the connector's swagger.
    pub operation: String,
    /// Parameters by name; `body/customer` names a member of the body.
    pub parameters: Vec<(String, Template)>,
    pub retry: RetryPolicy,
}

/// The inputs of an `ApiConnection` (reference §4.1).
#[derive(Clone, Debug)]
pub(crate) struct ApiCall {
    pub connection: ConnectionName,
    pub method: http::Method,
    pub path: Template,
    pub queries: Vec<(String, Template)>,
    pub headers: Option<Template>,
    pub body: Option<Template>,
    pub retry: RetryPolicy,
}

/// The connection of an `ApiConnection`.
#[derive(Clone, Debug)]
pub(crate) enum ConnectionName {
    /// A key in `connectionReferences`.
    Reference(String),
    /// An expression for the id of a connection of `connectionReferences`.
    Id(Template),
}

impl ApiCall {
    pub(super) fn templates(&self) -> Vec<&Template> {
        let id = match &self.connection {
            ConnectionName::Id(template) => Some(template),
            ConnectionName::Reference(_) => None,
        };
        let queries = self.queries.iter().map(|(_, template)| template);
        queries.chain([&self.path]).chain(&self.headers).chain(&self.body).chain(id).collect()
    }
}

pub(super) fn read_operation(inputs: &Node<'_>, errors: &mut Collected) -> Option<ConnectorCall> {
    errors.keep(inputs.only(&["host", "parameters", "authentication", "retryPolicy"]))?;
    let host = errors.keep(inputs.required("host", "give apiId, connectionName and operationId"));
    let host = host.and_then(|host| operation_of(&host, errors));
    authentication(inputs, errors);
    let mut parameters = Vec::new();
    if let Some(written) = inputs.optional("parameters") {
        for (name, value) in errors.keep(written.members()).unwrap_or_default() {
            parameters.extend(templates_in(&value, errors).map(|template| (name, template)));
        }
    }
    let retry = inputs.optional("retryPolicy").and_then(|policy| errors.keep(retry_policy::read(&policy)));
    let (api, reference, operation) = host?;
    Some(ConnectorCall { api, reference, operation, parameters, retry: retry.unwrap_or_default() })
}

pub(super) fn read_request(inputs: &Node<'_>, errors: &mut Collected) -> Option<ApiCall> {
    let known = ["host", "method", "path", "queries", "headers", "body", "authentication", "retryPolicy"];
    errors.keep(inputs.only(&known))?;
    let host = errors.keep(inputs.required("host", "give the connection"));
    let connection = host.and_then(|host| connection_of(&host, errors));
    authentication(inputs, errors);
    let method = errors.keep(inputs.required("method", "give an HTTP method").and_then(|node| {
        let text = node.text()?.to_ascii_uppercase();
        text.parse::<http::Method>()
            .ok()
            .filter(|method| {
                ["GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS"].contains(&method.as_str())
            })
            .ok_or_else(|| node.refuse("this is not an HTTP method", "use get, put, post, patch or delete"))
    }));
    let path = errors.keep(inputs.required("path", "give the path below the connection"));
    let path = path.and_then(|path| templates_in(&path, errors));
    literals::text_follows(inputs, "path", values::check_path, errors);
    // The type of the body is one of the headers here.
    let reserved: Vec<_> = RESERVED.into_iter().filter(|name| *name != "content-type").collect();
    literals::headers(inputs, "headers", &reserved, errors);
    let mut queries = Vec::new();
    if let Some(written) = inputs.optional("queries") {
        for (name, value) in errors.keep(written.members()).unwrap_or_default() {
            queries.extend(templates_in(&value, errors).map(|template| (name, template)));
        }
    }
    let mut optional = |name: &str| inputs.optional(name).and_then(|node| templates_in(&node, errors));
    let (headers, body) = (optional("headers"), optional("body"));
    let retry = inputs.optional("retryPolicy").and_then(|policy| errors.keep(retry_policy::read(&policy)));
    Some(ApiCall {
        connection: connection?,
        method: method?,
        path: path?,
        queries,
        headers,
        body,
        retry: retry.unwrap_or_default(),
    })
}

/// The engine sets the authentication at run time: an exported definition says how. A maker never
/// writes another value.
fn authentication(inputs: &Node<'_>, errors: &mut Collected) {
    let Some(node) = inputs.optional("authentication") else { return };
    let is_filled_in = match node.value() {
        serde_json::Value::String(text) => text.starts_with("@parameters('$authentication')"),
        // The key of an invoker's connection, which instant flows receive in a header.
        serde_json::Value::Object(map) => {
            map.get("type").and_then(|kind| kind.as_str()) == Some("Raw")
                && map.get("value").and_then(|value| value.as_str()).is_some_and(|value| {
                    value.starts_with('@')
                        && value.contains("X-MS-APIM-Tokens")
                        && value.contains("['$ConnectionKey']")
                })
        }
        _ => false,
    };
    if !is_filled_in {
        errors.push(node.refuse(
            "a definition must not contain credentials",
            "write \"@parameters('$authentication')\" or leave it out",
        ));
    }
}

/// Returns the connector, the reference and the operation of a call.
fn operation_of(host: &Node<'_>, errors: &mut Collected) -> Option<(String, String, String)> {
    errors.keep(host.only(&["apiId", "connectionName", "operationId"]))?;
    let mut required = |member: &str, remedy: &str| {
        errors.keep(host.required(member, remedy).and_then(|node| {
            limits::name(&node, node.text()?)?;
            Ok(node.text()?.to_owned())
        }))
    };
    let reference = required("connectionName", "name a key of connectionReferences");
    let operation = required("operationId", "name an operation of the connector");
    let api = host
        .required("apiId", "write /providers/Microsoft.PowerApps/apis/<connector>")
        .and_then(|node| references::api_name(&node));
    Some((errors.keep(api)?, reference?, operation?))
}

/// Returns the connection in `host.connection`: `name` is an expression for its id, `referenceName`
/// a key of `connectionReferences`. `host.api` repeats what the connection says.
fn connection_of(host: &Node<'_>, errors: &mut Collected) -> Option<ConnectionName> {
    errors.keep(host.only(&["connection", "api"]))?;
    let connection = errors.keep(host.required("connection", "give its name"))?;
    errors.keep(connection.only(&["name", "referenceName"]))?;
    if let Some(reference) = connection.optional("referenceName") {
        return errors.keep(reference.text()).map(|text| ConnectionName::Reference(text.to_owned()));
    }
    let remedy = "write \"@parameters('$connections')['x']['connectionId']\"";
    let name = errors.keep(connection.required("name", remedy))?;
    let text = errors.keep(name.text())?;
    if let Some(key) = reference_in(text) {
        return Some(ConnectionName::Reference(key));
    }
    templates_in(&name, errors).map(ConnectionName::Id)
}

/// Returns the key in `@…['$connections']['KEY']['connectionId']`, or in the same with
/// `parameters('$connections')`.
fn reference_in(text: &str) -> Option<String> {
    let inner =
        text.strip_prefix("@{").and_then(|rest| rest.strip_suffix('}')).or_else(|| text.strip_prefix('@'))?;
    let rest = inner.strip_suffix("['connectionId']")?.strip_suffix("']")?;
    let (before, key) = rest.rsplit_once("['")?;
    let is_known = before.ends_with("parameters('$connections')") || before.ends_with("['$connections']");
    (is_known && !key.contains('\'')).then(|| key.to_owned())
}
