//! Values of a connection's parameters.

use std::collections::BTreeMap;

use outlive_tokens::Secret;

/// The values that a connection has for the parameters of its connector (`token:clientId`,
/// `region`). Names are case-insensitive.
#[derive(Debug, Clone, Default)]
pub(crate) struct ParameterValues(BTreeMap<String, Secret>);

impl ParameterValues {
    pub(crate) fn new(values: impl IntoIterator<Item = (String, Secret)>) -> Self {
        Self(values.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect())
    }

    /// Returns the value that replaces a setting: that of `token:NAME`.
    pub(crate) fn of_setting(&self, name: &str) -> Option<&str> {
        self.of_parameter(&format!("token:{name}"))
    }

    /// Returns the value for which a template's placeholder stands: that of the parameter, or of
    /// `token:NAME`.
    pub(crate) fn of_placeholder(&self, name: &str) -> Option<&str> {
        self.of_parameter(name).or_else(|| self.of_setting(name))
    }

    fn of_parameter(&self, name: &str) -> Option<&str> {
        self.0.get(&name.to_ascii_lowercase()).map(Secret::expose).filter(|value| !value.is_empty())
    }
}
