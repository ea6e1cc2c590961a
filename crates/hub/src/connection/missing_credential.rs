//! Credentials that a connection needs and was not given. Without one it is not connected and calls
//! nothing, also if its connector does not declare the parameter as required.

use super::Values;
use crate::connector::{
    ApiProperties, Authentication, Connector, GrantType, Parameter, StaticCredential, static_credentials,
};

/// Returns what a connection with these values lacks for its calls, for its status and for callers.
/// `properties` are those of the connector for the connection's parameter set.
///
/// What a user's sign-in provides, and the token of a caller's managed identity, is not meant.
pub(crate) fn missing_credential(
    connector: &Connector,
    properties: &ApiProperties,
    values: &Values,
) -> Option<String> {
    let lacks = |what: &str| format!("The connection does not contain {what}. Please edit the connection.");
    match &properties.authentication {
        Authentication::ManagedIdentity { .. } => None,
        Authentication::None => missing_value(connector, properties, values).map(|what| lacks(&what)),
        Authentication::OAuth { settings, .. } => {
            let values = values.of_parameters(&properties.parameters);
            if settings.grant_type(&values) != GrantType::ClientCredentials {
                return None;
            }
            match connector.sign_in(settings, &values) {
                Err(incomplete) => Some(incomplete.to_string()),
                Ok(sign_in) if sign_in.lacks_credential() => {
                    Some(lacks("the client secret of the application, 'token:clientSecret'"))
                }
                Ok(_) => None,
            }
        }
    }
}

/// Returns the parameters that would authenticate calls, if none of them has a value.
fn missing_value(connector: &Connector, properties: &ApiProperties, values: &Values) -> Option<String> {
    let parameters = &properties.parameters;
    let through_gateway = properties.is_through_gateway(|parameter| values.has(parameter));
    let is_used = |parameter: &Parameter| through_gateway || !parameter.with_gateway;
    let named = |name: &str| parameters.iter().any(|parameter| parameter.name == name && is_used(parameter));
    let quoted = |name: &str| format!("'{name}'");
    let mut ways: Vec<Vec<&str>> = static_credentials(&connector.swagger.security, parameters)
        .into_iter()
        .map(|credential| match credential {
            StaticCredential::Basic { username, password } => vec![username, password],
            StaticCredential::Key { parameter, .. } => vec![parameter],
        })
        .filter(|names| names.iter().all(|name| named(name)))
        .collect();
    if ways.is_empty() {
        let secrets = parameters.iter().filter(|parameter| parameter.is_secret() && is_used(parameter));
        ways = secrets
            .map(|parameter| parameter.name.as_str())
            .filter(|name| properties.sends(name))
            .map(|name| vec![name])
            .collect();
    }
    let is_given = |name: &&str| values.text(parameters, name).is_some_and(|text| !text.is_empty());
    if ways.is_empty() || ways.iter().flatten().any(is_given) {
        return None;
    }
    let ways = ways.into_iter().map(|names| {
        let names: Vec<_> = names.into_iter().map(quoted).collect();
        names.join(" and ")
    });
    Some(format!("a value for {}", ways.collect::<Vec<_>>().join(" or ")))
}
