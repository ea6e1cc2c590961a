//! The OpenAPI 2.0 document of a connector: its back end and operations.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};

use serde_json::{Map, Value};
use url::Url;

use super::DeclaredUrls;
use super::fault::Faults;
use super::security::{self, SecurityScheme};
use super::test_operation::TestCall;
use crate::path::{characters, encoded_template, matches_template, percent_decode, template_fault};

const OPERATIONS_MAX: usize = 1_000;
/// The maximum number of parameters of an operation, and of those that a path's operations share.
const PARAMETERS_MAX: usize = 200;
const METHODS: [&str; 7] = ["get", "put", "post", "delete", "options", "head", "patch"];

/// A valid swagger.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Swagger {
    /// `https` if the document lists it, else `http`.
    pub(crate) scheme: &'static str,
    /// The back end's host with its port, lower-case.
    pub(crate) host: String,
    /// Scheme and host, parsed.
    pub(crate) origin: Option<Url>,
    /// The prefix of all paths: empty, or `/…` without a trailing slash.
    pub(crate) base_path: String,
    pub(crate) operations: Vec<Operation>,
    /// Request headers that operations declare, lower-case.
    pub(crate) header_parameters: BTreeSet<String>,
    /// How calls without tokens are authenticated.
    pub(crate) security: Vec<SecurityScheme>,
    /// Where users sign in, if the file does not say it.
    pub(super) sign_in: DeclaredUrls,
    /// The call that tests a connection.
    pub(crate) test: Option<TestCall>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) id: String,
    /// Upper-case.
    pub(crate) method: String,
    /// The template (`/orders/{id}`). A query in the document is not part of it.
    pub(crate) path: String,
}

impl Swagger {
    pub(crate) fn parse(document: &Value) -> Result<Self, Faults> {
        let (read, faults) = Self::read(document);
        faults.result(read)
    }

    /// Reads what is valid in the document, and its mistakes.
    pub(super) fn read(document: &Value) -> (Self, Faults) {
        let mut faults = Faults::default();
        let Some(document) = document.as_object() else {
            faults.add("swagger", "it is not an object");
            return (Self::default(), faults);
        };
        if document.get("swagger").and_then(Value::as_str) != Some("2.0") {
            faults.add("swagger.swagger", "it must be \"2.0\": connectors are described in OpenAPI 2.0");
        }
        let host = document.get("host").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
        if host.is_empty() || host.len() > 253 || !host.chars().all(fits) {
            faults.add("swagger.host", "it must be the back end's host name, with an optional port");
        }
        let base_path = match document.get("basePath") {
            None | Some(Value::Null) => "",
            Some(Value::String(path)) if path.is_empty() => "",
            Some(Value::String(path)) if path.starts_with('/') && is_plain_path(path) => {
                path.trim_end_matches('/')
            }
            Some(_) => {
                faults.add("swagger.basePath", "it must begin with '/' and be a plain path");
                ""
            }
        };
        let scheme = match document.get("schemes") {
            None | Some(Value::Null) => Some("https"),
            Some(Value::Array(schemes)) if schemes.is_empty() => Some("https"),
            Some(Value::Array(schemes)) => {
                let is_listed = |scheme: &&str| {
                    let mut listed = schemes.iter().filter_map(Value::as_str);
                    listed.any(|listed| listed.eq_ignore_ascii_case(scheme))
                };
                ["https", "http"].into_iter().find(is_listed)
            }
            Some(_) => None,
        };
        if scheme.is_none() {
            faults.add("swagger.schemes", "it must be a list with https or http");
        }
        let (operations, header_parameters) = match document.get("paths").and_then(Value::as_object) {
            Some(paths) => operations(paths, &mut faults),
            None => {
                faults.add("swagger.paths", "it is missing");
                Default::default()
            }
        };
        let security = security::parse(document.get("securityDefinitions"), &mut faults);
        let sign_in = DeclaredUrls::of(document.get("securityDefinitions"));
        let test = TestCall::read(document);
        let (scheme, base_path) = (scheme.unwrap_or("https"), base_path.to_owned());
        let origin = Url::parse(&format!("{scheme}://{host}")).ok();
        let read =
            Self { scheme, host, origin, base_path, operations, header_parameters, security, sign_in, test };
        (read, faults)
    }

    /// Returns the URL of the back end, for the connector's metadata.
    pub(crate) fn service_url(&self) -> String {
        format!("{}://{}{}", self.scheme, self.host, self.base_path)
    }

    /// Returns the operation of a call, if the document declares it. `path` is relative to the base
    /// path, percent-encoded as received.
    ///
    /// A back end compares decoded paths, so the decoded path has to select the same operation: an
    /// encoded slash or letter must not lead to another operation, or to a path that is not
    /// declared.
    pub(crate) fn operation(&self, method: &str, path: &str) -> Option<&Operation> {
        let place = |path: &str, read: fn(&str) -> Cow<'_, str>| {
            self.operations.iter().position(|operation| {
                operation.method == method && matches_template(&read(&operation.path), path)
            })
        };
        let as_received = place(path, |path| path.into())?;
        let as_decoded = place(&decoded(path), decoded)?;
        (as_received == as_decoded).then(|| &self.operations[as_received])
    }
}

/// Decodes a path once. Its bytes need not be UTF-8.
fn decoded(path: &str) -> Cow<'_, str> {
    if path.is_ascii() && !path.contains('%') {
        return Cow::Borrowed(path);
    }
    Cow::Owned(characters(&percent_decode(path.as_bytes())))
}

fn is_plain_path(path: &str) -> bool {
    path.len() <= 500
        && path.split('/').all(|part| part != "." && part != "..")
        && path.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'?' | b'#' | b'\\' | b'%'))
}

fn operations(paths: &Map<String, Value>, faults: &mut Faults) -> (Vec<Operation>, BTreeSet<String>) {
    let mut operations = Vec::new();
    let mut ids = HashSet::new();
    let mut headers = BTreeSet::new();
    for (path, item) in paths.iter().filter(|(path, _)| !path.starts_with("x-")) {
        let at = format!("swagger.paths.{path}");
        if !path.starts_with('/') || path.len() > 500 {
            faults.add(at, "a path begins with '/' and has at most 500 characters");
            continue;
        }
        let template = path.split('?').next().unwrap_or_default();
        if let Some(why) = template_fault(template).or_else(|| template_fault(&decoded(template))) {
            faults.add(at, why);
            continue;
        }
        let Some(item) = item.as_object() else {
            faults.add(at, "it is not an object");
            continue;
        };
        let mut shared = Vec::new();
        collect_headers(item.get("parameters"), &mut shared);
        let is_operation = |(method, operation): &(&String, &Value)| {
            METHODS.contains(&method.as_str()) && !operation.is_null()
        };
        for (method, operation) in item.iter().filter(is_operation) {
            for list in [item.get("parameters"), operation.get("parameters")] {
                if list.and_then(Value::as_array).is_some_and(|list| list.len() > PARAMETERS_MAX) {
                    let why = format!("it has more than {PARAMETERS_MAX} parameters");
                    faults.add(format!("{at}.{method}"), why);
                }
            }
            let at = format!("{at}.{method}.operationId");
            let id = operation.get("operationId").and_then(Value::as_str);
            let Some(id) = id.filter(|id| !id.is_empty() && id.len() <= 200) else {
                faults.add(at, "it is missing");
                continue;
            };
            if !ids.insert(id.to_owned()) {
                faults.add(at, format!("'{id}' is the id of another operation"));
            } else if ids.len() > OPERATIONS_MAX {
                faults.add(at, format!("there are more than {OPERATIONS_MAX} operations"));
                return (operations, headers);
            }
            let mut declared = shared.clone();
            collect_headers(operation.get("parameters"), &mut declared);
            headers.extend(declared);
            operations.push(Operation {
                id: id.to_owned(),
                method: method.to_ascii_uppercase(),
                path: encoded_template(template),
            });
        }
    }
    // Paths without parameters match before those with.
    operations.sort_by_key(|operation| operation.path.matches('{').count());
    (operations, headers)
}

fn collect_headers(parameters: Option<&Value>, into: &mut Vec<String>) {
    let parameters = parameters.and_then(Value::as_array).into_iter().flatten();
    for parameter in parameters.filter(|parameter| parameter.get("in").is_some_and(|place| place == "header"))
    {
        if let Some(name) = parameter.get("name").and_then(Value::as_str) {
            into.push(name.to_ascii_lowercase());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn document() -> Value {
        json!({
            "swagger": "2.0", "info": {"title": "Orders", "version": "1"},
            "x-ms-capabilities": {"testConnection": {"operationId": "ListOrders", "parameters": {}}},
            "host": "Orders.contoso.example", "basePath": "/", "schemes": ["http", "https"],
            "paths": {
                "/orders": {
                    "get": {"operationId": "ListOrders", "parameters": [{"name": "X-Region", "in": "header"}]},
                    "post": {"operationId": "CreateOrder"},
                },
                "/orders/{id}": {"parameters": [{"name": "id", "in": "path"}], "get": {"operationId": "GetOrder"}},
                "/orders/latest": {"get": {"operationId": "LatestOrder"}},
            },
        })
    }

    #[test]
    fn the_back_end_and_its_operations_are_parsed() {
        let read = Swagger::parse(&document()).expect("usable");
        assert_eq!(read.service_url(), "https://orders.contoso.example");
        assert_eq!(read.test.as_ref().map(TestCall::target).as_deref(), Some("/orders"));
        assert_eq!(read.header_parameters, BTreeSet::from(["x-region".to_owned()]));
        for (method, path, id) in [
            ("GET", "/orders", Some("ListOrders")),
            ("POST", "/orders", Some("CreateOrder")),
            ("GET", "/orders/42", Some("GetOrder")),
            ("GET", "/orders/latest", Some("LatestOrder")),
            ("GET", "/orders/", None),
            ("GET", "/orders/42/lines", None),
            ("DELETE", "/orders", None),
            ("HEAD", "/orders", None),
            ("OPTIONS", "/orders", None),
            ("get", "/orders", None),
            ("GET", "//orders", None),
            ("GET", "/%6frders", None),
            ("GET", "/orders/a%20b", Some("GetOrder")),
            ("GET", "/orders/a%2Fb", None),
            ("GET", "/orders/%6catest", None),
        ] {
            assert_eq!(read.operation(method, path).map(|o| o.id.as_str()), id, "{method} {path}");
        }
    }

    #[test]
    fn the_query_of_a_path_does_not_select_the_operation() {
        let mut with = document();
        with["paths"]["/search?kind={kind}"] = json!({"get": {"operationId": "Search"}});
        let read = Swagger::parse(&with).expect("usable");
        assert_eq!(read.operation("GET", "/search").map(|operation| operation.id.as_str()), Some("Search"));
    }

    #[test]
    fn a_path_is_called_as_requests_encode_it() {
        let mut with = document();
        with["paths"]["/all orders/{the id}/größe"] = json!({"get": {"operationId": "Size"}, "put": null});
        let read = Swagger::parse(&with).expect("usable");
        for (path, id) in [
            ("/all%20orders/7/gr%C3%B6%C3%9Fe", Some("Size")),
            ("/all%20orders/a%20b/gr%C3%B6%C3%9Fe", Some("Size")),
            ("/all%2520orders/7/gr%C3%B6%C3%9Fe", None),
            ("/all%20orders/a%2Fb/gr%C3%B6%C3%9Fe", None),
        ] {
            assert_eq!(read.operation("GET", path).map(|operation| operation.id.as_str()), id, "{path}");
        }
    }

    #[test]
    fn a_base_path_is_kept_without_its_last_slash() {
        let mut with = document();
        with["basePath"] = json!("/v1/api/");
        with["schemes"] = json!(["HTTP"]);
        assert_eq!(
            Swagger::parse(&with).expect("usable").service_url(),
            "http://orders.contoso.example/v1/api"
        );
    }

    #[test]
    fn an_error_names_the_place() {
        for (pointer, value, at) in [
            ("/swagger", json!("3.0.1"), "swagger.swagger"),
            ("/host", json!("a/b"), "swagger.host"),
            ("/host", json!(""), "swagger.host"),
            ("/host", json!("user@h"), "swagger.host"),
            ("/basePath", json!("v1"), "swagger.basePath"),
            ("/basePath", json!("/../x"), "swagger.basePath"),
            ("/basePath", json!("/%2e%2e"), "swagger.basePath"),
            ("/schemes", json!(["ws"]), "swagger.schemes"),
            ("/paths", json!(null), "swagger.paths"),
            ("/paths/~1orders/get", json!({}), "swagger.paths./orders.get.operationId"),
            (
                "/paths/~1orders/get",
                json!({"operationId": "ListOrders", "parameters": vec![json!({"name": "x", "in": "query"}); 201]}),
                "swagger.paths./orders.get",
            ),
            (
                "/paths/~1orders~1{id}/get/operationId",
                json!("ListOrders"),
                "swagger.paths./orders/{id}.get.operationId",
            ),
        ] {
            let mut changed = document();
            *changed.pointer_mut(pointer).expect("there") = value;
            let faults = Swagger::parse(&changed).expect_err("unusable");
            let places: Vec<_> = faults.into_iter().map(|fault| fault.at).collect();
            assert_eq!(places, [at], "{pointer}");
        }
        assert!(Swagger::parse(&json!("x")).is_err());
    }

    #[test]
    fn all_mistakes_of_a_swagger_are_reported_at_once() {
        let faults = Swagger::parse(&json!({
            "swagger": "3.0", "basePath": "x", "schemes": "https", "securityDefinitions": {"k": {"type": "digest"}},
            "paths": {"orders": {}, "/a": 1, "/{a}{b}": {}, "/%7Ba%7D{b}": {}, "/b": {"get": {}}, "/c": {"get": {"operationId": "C"}, "put": {"operationId": "C"}}},
        }));
        let places: Vec<_> = faults.expect_err("unusable").into_iter().map(|fault| fault.at).collect();
        assert_eq!(
            places,
            [
                "swagger.swagger",
                "swagger.host",
                "swagger.basePath",
                "swagger.schemes",
                "swagger.paths./%7Ba%7D{b}",
                "swagger.paths./a",
                "swagger.paths./b.get.operationId",
                "swagger.paths./c.put.operationId",
                "swagger.paths./{a}{b}",
                "swagger.paths.orders",
                "swagger.securityDefinitions.k.type",
            ]
        );
    }
}
