//! Prepares a call for the back end: sets the connection's credential, and applies the connector's
//! policies. Pure.

use std::borrow::Cow;

use data_encoding::BASE64;
use http::StatusCode;
use http::header::AUTHORIZATION;

use super::outgoing::{Destination, Facts, Prepared, Step, bad_header, header_value, sensitive};
use super::query::Query;
use super::target::{BadTarget, TARGET_CHARS_MAX};
use super::{headers, policies, refusal::RuntimeRefusal};
use crate::connection::{Connection, missing_credential};
use crate::connector::{Action, KeyPlace, ParameterKind, StaticCredential, static_credentials};
use crate::credential::SourceToken;

impl Facts<'_> {
    /// Rejects calls that the connection lacks something for.
    pub(super) fn check_connection(&self, connection: &Connection) -> Result<(), RuntimeRefusal> {
        let properties = &self.connector.properties;
        if !properties.has_set(connection.values.set.as_deref()) {
            return Err(incomplete("a parameter set that the connector has"));
        }
        if let Some(parameter) = properties.missing(|parameter| self.values.has(parameter)).first() {
            return Err(incomplete(&format!("a value for the parameter '{}'", parameter.name)));
        }
        if let Some(why) = missing_credential(self.connector, properties, self.values) {
            return Err(RuntimeRefusal::new(StatusCode::UNAUTHORIZED, why));
        }
        let gateway = |kind: ParameterKind, name: &str| {
            kind == ParameterKind::Gateway && self.values.0.contains_key(name)
        };
        if properties.parameters.iter().any(|parameter| gateway(parameter.kind, &parameter.name)) {
            return Err(RuntimeRefusal::new(
                StatusCode::BAD_GATEWAY,
                "The connection uses an on-premises data gateway, and no gateway is installed.",
            ));
        }
        Ok(())
    }

    /// Rejects a call of an operation that the hub cannot make.
    pub(super) fn check_operation(&self) -> Result<(), RuntimeRefusal> {
        let (properties, operation) = (&self.connector.properties, &self.operation.id);
        if properties.runs_script(operation) {
            return Err(RuntimeRefusal::new(
                StatusCode::BAD_REQUEST,
                format!(
                    "The operation '{operation}' runs custom code (scriptOperations), which is not run here. To call the back \
                     end without it, remove the operation from scriptOperations."
                ),
            ));
        }
        for policy in properties.policies.iter().filter(|policy| policy.applies_to(operation)) {
            if let Action::Unsupported(why) = &policy.action {
                return Err(RuntimeRefusal::new(
                    StatusCode::BAD_REQUEST,
                    format!(
                        "The policy {} of the operation '{operation}' {why}, which is not supported. The call was not made \
                         without it.",
                        policy.at
                    ),
                ));
            }
        }
        Ok(())
    }

    /// Prepares the call, with this token if the connection has tokens, or the request that one of
    /// the policies needs before.
    pub(super) fn prepare(&self, token: Option<&SourceToken>) -> Result<Step, RuntimeRefusal> {
        let (connector, outgoing) = (self.connector, self.outgoing);
        if outgoing.path.len() + outgoing.query.as_ref().map_or(0, String::len) > TARGET_CHARS_MAX {
            return Err(BadTarget::TooLong.into());
        }
        let mut prepared = Prepared {
            method: outgoing.method.clone(),
            destination: Destination::of_swagger(&connector.swagger),
            path: outgoing.path.clone(),
            query: Query::new(outgoing.query.as_deref()),
            headers: headers::to_back_end(&outgoing.headers, &connector.swagger.header_parameters),
            body: outgoing.body.clone(),
        };
        self.authenticate(token, &mut prepared)?;
        Ok(match policies::apply(self, token, &mut prepared)? {
            Some(fetch) => Step::Fetch(fetch),
            None => Step::Send(prepared),
        })
    }

    /// Sets the token, or the password or keys of a connection without tokens.
    pub(super) fn authenticate(
        &self,
        token: Option<&SourceToken>,
        prepared: &mut Prepared,
    ) -> Result<(), RuntimeRefusal> {
        if let Some(token) = token {
            let value = token.authorization().ok_or_else(|| {
                RuntimeRefusal::new(
                    StatusCode::BAD_GATEWAY,
                    "The access token contains characters that are not valid in a header.",
                )
            })?;
            prepared.headers.insert(AUTHORIZATION, value.clone());
            return Ok(());
        }
        let parameters = &self.connector.properties.parameters;
        let text = |name: &str| self.values.text(parameters, name).filter(|text| !text.is_empty());
        for credential in static_credentials(&self.connector.swagger.security, parameters) {
            let (name, value) = match credential {
                StaticCredential::Basic { username, password } => {
                    let (user, secret) = (text(username), text(password));
                    if user.is_none() && secret.is_none() {
                        continue;
                    }
                    let pair = format!("{}:{}", user.unwrap_or_default(), secret.unwrap_or_default());
                    (AUTHORIZATION, format!("Basic {}", BASE64.encode(pair.as_bytes())))
                }
                StaticCredential::Key { place, parameter } => match (place, text(parameter)) {
                    (KeyPlace::Query(name), Some(key)) => {
                        prepared.query.remove(name);
                        prepared.query.append(name, &key);
                        continue;
                    }
                    (KeyPlace::Header(name), Some(key)) => (name.clone(), key),
                    (_, None) => continue,
                },
            };
            let value = header_value(&value).ok_or_else(|| bad_header(&name))?;
            prepared.headers.insert(name, sensitive(value));
        }
        Ok(())
    }

    /// Returns the texts that no response header may contain.
    pub(super) fn secrets<'a>(&self, token: Option<&'a SourceToken>) -> Vec<Cow<'a, str>> {
        let parameters = &self.connector.properties.parameters;
        let mut secrets: Vec<_> = token.map(|token| token.secret().expose().into()).into_iter().collect();
        let secret = parameters.iter().filter(|parameter| parameter.is_secret());
        secrets.extend(
            secret.filter_map(|parameter| self.values.text(parameters, &parameter.name)).map(Cow::from),
        );
        for credential in static_credentials(&self.connector.swagger.security, parameters) {
            if let StaticCredential::Basic { username, password } = credential {
                let text = |name| self.values.text(parameters, name).unwrap_or_default();
                let pair = format!("{}:{}", text(username), text(password));
                secrets.push(BASE64.encode(pair.as_bytes()).into());
            }
        }
        secrets
    }
}

/// The error of a connection that cannot be used before it is edited.
fn incomplete(what: &str) -> RuntimeRefusal {
    RuntimeRefusal::new(
        StatusCode::UNAUTHORIZED,
        format!("The connection does not contain {what}. Please edit the connection."),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue, Method};
    use url::Url;

    use super::*;
    use crate::connection::Values;
    use crate::connector::{ApiProperties, Connector, Home, Swagger};
    use crate::runtime::OutgoingRequest;
    use crate::runtime::outgoing::Fetched;
    use crate::runtime::target::target;

    /// A connector whose every policy takes texts of the caller and of the owner.
    fn connector() -> Connector {
        let policy = |template: &str, parameters: &[(&str, &str)]| {
            let named: serde_json::Map<String, Value> = parameters
                .iter()
                .map(|(name, value)| (format!("x-ms-apimTemplateParameter.{name}"), json!(value)))
                .collect();
            json!({"templateId": template, "parameters": named})
        };
        let properties = ApiProperties::parse(&json!({
            "connectionParameters": {"url": {"type": "string"}, "key": {"type": "securestring"}},
            "policyTemplateInstances": [
                policy("dynamichosturl", &[("urlTemplate", "https://api.example/@connectionParameters('url','')")]),
                policy("routerequesttoendpoint", &[("newPath", "/x/{id}/@queryParameters('q','')/{q}")]),
                policy("setheader", &[("name", "X-A"), ("value", "@queryParameters('h','')@headers('accept','')")]),
                policy("setqueryparameter", &[("name", "b"), ("value", "@queryParameters('h','')")]),
            ],
        }))
        .expect("usable");
        let swagger = Swagger::parse(&json!({
            "swagger": "2.0", "host": "api.example", "basePath": "/v1",
            "securityDefinitions": {"k": {"type": "apiKey", "in": "query", "name": "key"}},
            "paths": {"/items/{id}": {"get": {"operationId": "Get"}}},
        }))
        .expect("usable");
        Connector {
            name: "a".parse().expect("a name"),
            home: Home::Managed,
            version: String::new(),
            display_name: String::new(),
            properties,
            swagger,
            client_secret: None,
            client_keys: Default::default(),
            secret_is_unreadable: false,
            destinations: Default::default(),
            faults: Default::default(),
        }
    }

    proptest! {
        #[test]
        fn a_rewritten_call_stays_at_its_host_and_below_its_base_path(
            id in "[a-z.%2fF@:?#]{1,12}", query in "[ -~]{0,30}", accept in "[ -~]{0,10}",
            url in "[a-z./%25eE@:?#\\\\\r\n]{0,12}", key in "[ -~\r\n]{0,10}",
        ) {
            let connector = connector();
            let Some(operation) = connector.swagger.operation("GET", &format!("/items/{id}")) else { return Ok(()) };
            let mut headers = HeaderMap::new();
            headers.insert("accept", HeaderValue::from_str(&accept).expect("printable"));
            let outgoing = OutgoingRequest {
                method: Method::GET,
                path: format!("items/{id}"),
                query: Some(format!("q={query}&h={query}")),
                headers,
                body: Bytes::new(),
            };
            let Value::Object(values) = json!({"url": url, "key": key}) else { unreachable!() };
            let values = Values(values);
            let fetched = Fetched::default();
            let facts =
                Facts { connector: &connector, operation, values: &values, outgoing: &outgoing, fetched: &fetched };
            let Ok(Step::Send(prepared)) = facts.prepare(None) else { return Ok(()) };
            prop_assert_eq!(&prepared.destination.host, "api.example");
            for (_, value) in &prepared.headers {
                prop_assert!(!value.as_bytes().iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)));
            }
            let base: Url = "http://r:1/up".parse().expect("a URL");
            let (path, query) = (&prepared.path, prepared.query.text());
            if let Ok(target) = target(&base, &prepared.destination.base_path, path, query.as_deref()) {
                prop_assert_eq!((target.host_str(), target.port(), target.username()), (Some("r"), Some(1), ""));
                let prefix = format!("/up{}/x/", prepared.destination.base_path);
                prop_assert!(target.path().starts_with(&prefix), "{} {}", target, prefix);
                let keys: Vec<_> = target.query_pairs().filter(|(name, _)| name == "key").collect();
                prop_assert!(key.is_empty() || keys == [("key".into(), key.as_str().into())], "{}", target);
            }
        }

        #[test]
        fn a_destination_has_a_host_and_a_plain_path(text in "[a-z./%25eE@:?#\\\\\r\n \\[\\]]{0,30}") {
            if let Some(destination) = Destination::parse(&text, "https") {
                prop_assert!(!destination.host.is_empty());
                prop_assert!(!destination.host.contains(['@', '/', '\\', '?', '#', '\r', '\n', ' ']));
                prop_assert!(destination.base_path.is_empty() || destination.base_path.starts_with('/'));
                prop_assert!(!destination.base_path.contains(['?', '#', '\\', '\r', '\n', ' ']));
                prop_assert!(!destination.base_path.split('/').any(|part| part == ".."));
            }
        }
    }

    #[test]
    fn urls_are_parsed_as_destinations() {
        for (text, expected) in [
            ("https://A.example", Some(("https", "a.example", ""))),
            ("http://a.example:8080/v1/", Some(("http", "a.example:8080", "/v1"))),
            (" a.example/x ", Some(("https", "a.example", "/x"))),
            ("https://a.example:443", Some(("https", "a.example", ""))),
            ("https://[::1]:1/", Some(("https", "[::1]:1", ""))),
            ("", None),
            ("https://", None),
            ("ftp://a.example", None),
            ("https://u@a.example", None),
            ("https://a.example/?x", None),
            ("https://a.example/#x", None),
            ("https://a.example/../x", None),
            ("https://a.example\\x", None),
        ] {
            let found = Destination::parse(text, "https");
            let found =
                found.as_ref().map(|it| (it.scheme.as_str(), it.host.as_str(), it.base_path.as_str()));
            assert_eq!(found, expected, "{text}");
        }
    }
}
