//! Values of a connection's parameters.

use std::collections::BTreeMap;

use outlive_tokens::Secret;

/// Settings whose value an error of the issuer may repeat, lower-case.
const SHOWN: [&str; 4] = ["clientid", "tenantid", "resourceuri", "granttype"];

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

    /// Returns the values that must not be shown: all but those of settings that an error has to
    /// name.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &Secret> {
        let shown = |name: &str| {
            let setting = name.strip_prefix("token:").unwrap_or(name);
            SHOWN.contains(&setting) || setting.contains("url")
        };
        self.0.iter().filter(move |(name, _)| !shown(name)).map(|(_, value)| value)
    }

    fn of_parameter(&self, name: &str) -> Option<&str> {
        self.0.get(&name.to_ascii_lowercase()).map(Secret::expose).filter(|value| !value.is_empty())
    }
}
