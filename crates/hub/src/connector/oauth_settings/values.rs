//! Values of a connection's parameters.

use std::collections::{BTreeMap, BTreeSet};

use outlive_tokens::Secret;

/// Settings whose value an error of the issuer may repeat, lower-case.
const SHOWN: [&str; 4] = ["clientid", "tenantid", "resourceuri", "granttype"];

/// The values that a connection has for the parameters of its connector (`token:clientId`,
/// `region`). Names are case-insensitive.
#[derive(Debug, Clone, Default)]
pub(crate) struct ParameterValues {
    values: BTreeMap<String, Secret>,
    /// The names of parameters that are secrets by their type.
    sealed: BTreeSet<String>,
}

impl ParameterValues {
    pub(crate) fn new(values: impl IntoIterator<Item = (String, Secret)>) -> Self {
        let values = values.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
        Self { values, sealed: BTreeSet::new() }
    }

    /// Sets which parameters are secrets by their type.
    #[must_use]
    pub(crate) fn with_sealed<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.sealed = names.into_iter().map(str::to_ascii_lowercase).collect();
        self
    }

    /// Whether a placeholder stands for a secret.
    pub(super) fn is_sealed(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        self.sealed.contains(&name) || self.sealed.contains(&format!("token:{name}"))
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
        self.values.iter().filter(move |(name, _)| !shown(name)).map(|(_, value)| value)
    }

    fn of_parameter(&self, name: &str) -> Option<&str> {
        self.values.get(&name.to_ascii_lowercase()).map(Secret::expose).filter(|value| !value.is_empty())
    }
}
