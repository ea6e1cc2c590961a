//! The documents of a connector before they are registered.

use outlive_tokens::Secret;
use serde_json::Value;

use super::oauth_settings::take_client_secret;
use super::secret_rules::{length_fault, misplaced_secret};
use super::{
    ApiProperties, ConnectorFault, DISPLAY_NAME_RULE, Destinations, Faults, Swagger, is_display_name,
};

/// The documents of a connector, as submitted.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) display_name: String,
    pub(crate) api_properties: Value,
    pub(crate) swagger: Value,
    pub(crate) client_secret: Option<Secret>,
}

impl Draft {
    /// Validates both documents. Removes a client secret from them: it is write-only.
    pub(crate) fn check(mut self) -> Result<Self, Faults> {
        if let Some(secret) = take_client_secret(&mut self.api_properties) {
            self.client_secret.get_or_insert(secret);
        }
        if self.client_secret.as_ref().is_some_and(Secret::is_empty) {
            self.client_secret = None;
        }
        let mut faults = Faults::default();
        for (_, fault) in connector_faults(&self.display_name, &self.api_properties, &self.swagger) {
            faults.push(fault);
        }
        if let (Some(secret), Ok(properties)) =
            (&self.client_secret, ApiProperties::parse(&self.api_properties))
            && let Some(why) = client_secret_fault(secret, &properties)
        {
            faults.add("properties.clientSecret", why);
        }
        faults.result(self)
    }

    /// Where the connector sends what its connections store.
    pub(crate) fn destinations(&self) -> Destinations {
        let (properties, _) = ApiProperties::read(&self.api_properties);
        let (swagger, _) = Swagger::read(&self.swagger);
        let properties = properties.with_urls_of(&swagger);
        Destinations::of(&self.api_properties, &properties, &swagger)
    }
}

/// Returns why a connector cannot have this client secret.
pub(crate) fn client_secret_fault(secret: &Secret, properties: &ApiProperties) -> Option<&'static str> {
    misplaced_secret(properties).or_else(|| length_fault(secret))
}

/// Returns all mistakes in the parts of a connector, by property of its description.
pub(crate) fn connector_faults(
    display_name: &str,
    api_properties: &Value,
    swagger: &Value,
) -> Vec<(&'static str, ConnectorFault)> {
    let mut api_properties = api_properties.clone();
    take_client_secret(&mut api_properties);
    let name = (!is_display_name(display_name))
        .then(|| ("display_name", ConnectorFault::new("displayName", DISPLAY_NAME_RULE)));
    let properties = ApiProperties::parse(&api_properties).err().unwrap_or_default();
    let swagger = Swagger::parse(swagger).err().unwrap_or_default();
    name.into_iter()
        .chain(properties.into_iter().map(|fault| ("api_properties", fault)))
        .chain(swagger.into_iter().map(|fault| ("swagger", fault)))
        .collect()
}
