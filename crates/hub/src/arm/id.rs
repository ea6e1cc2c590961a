//! Formats and parses resource ids.

use outlive_clock::TenantId;

use super::ResourceName;
use crate::connector::ConnectorName;

/// The only location.
pub(crate) const LOCATION: &str = "unitedstates";

/// Formats the id of a connection.
pub(crate) fn connection_id(tenant: TenantId, group: &str, name: &str) -> String {
    format!("/subscriptions/{tenant}/resourceGroups/{group}/providers/Microsoft.Web/connections/{name}")
}

/// Formats the id of a managed API.
pub(crate) fn managed_api_id(tenant: TenantId, name: &ConnectorName) -> String {
    format!("/subscriptions/{tenant}/providers/Microsoft.Web/locations/{LOCATION}/managedApis/{name}")
}

/// Formats the id of a custom API.
pub(crate) fn custom_api_id(tenant: TenantId, group: &str, name: &ConnectorName) -> String {
    format!("/subscriptions/{tenant}/resourceGroups/{group}/providers/Microsoft.Web/customApis/{name}")
}

/// The API that `properties.api.id` of a connection refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiReference {
    pub(crate) tenant: TenantId,
    /// The resource group of a custom API; `None` for a managed one.
    pub(crate) group: Option<ResourceName>,
    pub(crate) name: ConnectorName,
}

/// The text is not the id of an API.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "an API's id is /subscriptions/{{id}}/providers/Microsoft.Web/locations/{LOCATION}/managedApis/{{name}} or \
     /subscriptions/{{id}}/resourceGroups/{{group}}/providers/Microsoft.Web/customApis/{{name}}"
)]
pub(crate) struct NotAnApiId;

impl ApiReference {
    /// Parses an id. Its fixed segments are case-insensitive, as everywhere in ARM.
    pub(crate) fn parse(id: &str) -> Result<Self, NotAnApiId> {
        Self::parts(id).ok_or(NotAnApiId)
    }

    fn parts(id: &str) -> Option<Self> {
        if id.len() > 500 {
            return None;
        }
        let parts: Vec<&str> = id.strip_prefix('/')?.split('/').collect();
        let [subscriptions, tenant, kind, group, rest @ .., name] = parts.as_slice() else { return None };
        let matches = |parts: &[&str], words: &[&str]| {
            parts.len() == words.len()
                && parts.iter().zip(words).all(|(part, word)| part.eq_ignore_ascii_case(word))
        };
        if !matches(&[subscriptions], &["subscriptions"]) {
            return None;
        }
        let is_managed = matches(&[kind, group], &["providers", "Microsoft.Web"])
            && matches(rest, &["locations", LOCATION, "managedApis"]);
        let is_custom = matches(&[kind], &["resourceGroups"])
            && matches(rest, &["providers", "Microsoft.Web", "customApis"]);
        let group = match (is_managed, is_custom) {
            (true, _) => None,
            (_, true) => Some(group.parse().ok()?),
            _ => return None,
        };
        Some(Self { tenant: tenant.parse().ok()?, group, name: name.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: &str = "11111111-2222-3333-4444-555555555555";

    #[test]
    fn formatted_ids_can_be_parsed() {
        let tenant: TenantId = TENANT.parse().expect("an id");
        let name: ConnectorName = "shared_contoso-orders".parse().expect("a name");
        let managed = ApiReference::parse(&managed_api_id(tenant, &name)).expect("an id");
        assert_eq!(managed, ApiReference { tenant, group: None, name: name.clone() });
        let custom = ApiReference::parse(&custom_api_id(tenant, "Lab", &name)).expect("an id");
        assert_eq!(custom, ApiReference { tenant, group: Some("Lab".parse().expect("a name")), name });
    }

    #[test]
    fn fixed_segments_are_case_insensitive() {
        let id =
            format!("/SUBSCRIPTIONS/{TENANT}/providers/microsoft.web/Locations/unitedStates/managedapis/X");
        assert_eq!(ApiReference::parse(&id).map(|api| api.name.to_string()), Ok("x".to_owned()));
    }

    #[test]
    fn other_ids_are_rejected() {
        for id in [
            "",
            "/",
            "/subscriptions",
            "/subscriptions/x/providers/Microsoft.Web/locations/unitedstates/managedApis/x",
            &format!("/subscriptions/{TENANT}/providers/Microsoft.Web/locations/mars/managedApis/x"),
            &format!(
                "/subscriptions/{TENANT}/providers/Microsoft.Web/locations/unitedstates/managedApis/x/y"
            ),
            &format!("/subscriptions/{TENANT}/providers/Microsoft.Web/locations/unitedstates/managedApis/.."),
            &format!("/subscriptions/{TENANT}/resourceGroups/lab/providers/Microsoft.Web/connections/x"),
            &"/".repeat(501),
        ] {
            assert_eq!(ApiReference::parse(id), Err(NotAnApiId), "{id}");
        }
    }
}
