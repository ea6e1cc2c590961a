//! The entry of the fuzz target `connector`.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use outlive_tokens::Secret;
use serde_json::{Map, Value};
use url::Url;

use super::outgoing::{Facts, Fetched, OutgoingRequest, Prepared, Step};
use super::target::target;
use crate::connection::Values;
use crate::connector::{
    Action, ApiProperties, Authentication, Connector, Destinations, GrantRequest, Home, Swagger,
    connector_faults,
};
use crate::credential::SourceToken;

/// Reads the files of a connector (`apiProperties`, `apiDefinition`), and prepares a call of each
/// of their operations, by each parameter set: for a connection with the values in
/// `parameterValues`, and a caller who gives `headers`, `query` and `body`. Returns how many calls
/// would be sent.
///
/// # Panics
///
/// If a mistake has no place or no reason, or if a call would leave the back end of the connector.
pub fn try_connector_files(document: &Value) -> usize {
    let (api_properties, api_definition) = (&document["apiProperties"], &document["apiDefinition"]);
    let faults = connector_faults("A connector", api_properties, api_definition);
    for (_, fault) in &faults {
        assert!(!fault.at().is_empty() && !fault.why().is_empty(), "a mistake without a place: {fault:?}");
    }
    let (Ok(properties), Ok(swagger)) =
        (ApiProperties::parse(api_properties), Swagger::parse(api_definition))
    else {
        return 0;
    };
    let destinations = Destinations::of(api_properties, &properties, &swagger);
    assert_eq!(Destinations::parse(&destinations.to_string()), destinations, "it is stored as it is read");
    let mut connector = Connector {
        name: "a".parse().expect("a name"),
        home: Home::Managed,
        version: String::new(),
        display_name: "A connector".to_owned(),
        properties: properties.clone(),
        swagger,
        client_secret: Some(Secret::new("s")),
        client_keys: Default::default(),
        secret_is_unreadable: false,
        destinations,
        faults: Default::default(),
    };
    let all = [None].into_iter().chain(properties.sets.iter().map(|set| Some(set.name.as_str())));
    let mut sent = 0;
    for set in all.filter(|set| properties.has_set(*set)) {
        connector.properties = properties.for_set(set);
        sent += try_calls(&connector, document);
    }
    sent
}

fn try_calls(connector: &Connector, document: &Value) -> usize {
    let parameters = &connector.properties.parameters;
    let given = document["parameterValues"].as_object().cloned().unwrap_or_default();
    let checked = |(name, value): (&String, &Value)| {
        let parameter = parameters.iter().find(|parameter| parameter.name == *name)?;
        Some((name.clone(), parameter.check(value).ok()?))
    };
    let values = Values(given.iter().filter_map(checked).collect());
    let token = match &connector.properties.authentication {
        Authentication::OAuth { settings, .. } => {
            let values = values.of_parameters(parameters);
            if let Ok(sign_in) = connector.sign_in(settings, &values) {
                // Errors say what is missing.
                let _ = sign_in.token_request(GrantRequest::ClientCredentials, settings.claims());
            }
            Some(SourceToken::new(Secret::new("token")))
        }
        Authentication::ManagedIdentity { .. } => Some(SourceToken::new(Secret::new("token"))),
        Authentication::None => None,
    };
    let query = document["query"].as_str().map(str::to_owned);
    let segment = document["segment"].as_str().filter(|text| !text.is_empty()).unwrap_or("1");
    let mut sent = 0;
    for operation in &connector.swagger.operations {
        let path = filled(&operation.path, segment);
        let Some(operation) = connector.swagger.operation(&operation.method, &path) else { continue };
        let outgoing = OutgoingRequest {
            method: operation.method.parse().unwrap_or(Method::GET),
            path: path.trim_start_matches('/').to_owned(),
            query: query.clone(),
            headers: headers(document["headers"].as_object()),
            body: Bytes::from(document["body"].to_string()),
        };
        let fetched = Fetched::default();
        let facts = Facts { connector, operation, values: &values, outgoing: &outgoing, fetched: &fetched };
        let prepared = match facts.prepare(token.as_ref()) {
            Ok(Step::Send(prepared)) => prepared,
            Ok(Step::Fetch(fetch)) => fetch.request,
            Err(refusal) => {
                assert!(!refusal.message.is_empty(), "a refusal without a reason");
                continue;
            }
        };
        sent += usize::from(stays_at_back_end(connector, &prepared));
    }
    sent
}

/// Whether a call is sent; it has to be sent to the back end of the connector.
fn stays_at_back_end(connector: &Connector, prepared: &Prepared) -> bool {
    let host = &prepared.destination.host;
    assert!(!host.is_empty() && !host.contains(['/', '\\', '?', '#', '@']), "the host is '{host}'");
    let chooses = |action: &Action| match action {
        Action::Host(_) => true,
        Action::ValueFromUrl(value) => value.url.origin.is_some(),
        _ => false,
    };
    if !connector.properties.policies.iter().any(|policy| chooses(&policy.action)) {
        assert_eq!(*host, connector.swagger.host, "no policy chooses the host");
    }
    let Ok(base) = Url::parse("http://r:1/up") else { return false };
    let (base_path, query) = (&prepared.destination.base_path, prepared.query.text());
    let Ok(url) = target(&base, base_path, &prepared.path, query.as_deref()) else { return false };
    assert_eq!((url.host_str(), url.port(), url.username()), (Some("r"), Some(1), ""), "{url}");
    assert!(url.path().starts_with(&format!("/up{base_path}/")), "{url}");
    true
}

/// Puts a segment in place of each parameter of a path template.
fn filled(template: &str, segment: &str) -> String {
    let mut path = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        path.push_str(before);
        path.push_str(segment);
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    path + rest
}

fn headers(given: Option<&Map<String, Value>>) -> HeaderMap {
    let header = |(name, value): (&String, &Value)| {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        Some((name, HeaderValue::from_str(value.as_str()?).ok()?))
    };
    given.into_iter().flatten().filter_map(header).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn calls_of_a_valid_connector_are_prepared_by_every_set_and_those_of_others_are_not() {
        let mut document = json!({
            "apiProperties": {"connectionParameterSets": {"values": [
                {"name": "key", "parameters": {"api_key": {"type": "securestring"}}},
                {"name": "identity", "parameters": {"token": {"type": "managedIdentity"}}},
            ]}},
            "apiDefinition": {"swagger": "2.0", "host": "a.example", "paths": {
                "/a": {"get": {"operationId": "A"}}, "/b/{id}": {"get": {"operationId": "B"}},
            }},
            "parameterValues": {"api_key": "k"}, "segment": "1", "query": "a=b", "headers": {"accept": "c"},
        });
        assert_eq!(try_connector_files(&document), 4);
        document["segment"] = json!("..");
        assert_eq!(try_connector_files(&document), 2, "a path that leads elsewhere is not sent");
        document["apiDefinition"]["host"] = json!("");
        assert_eq!(try_connector_files(&document), 0);
    }
}
