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
        // Sources would only repeat which part is not an id or a name; the error shows both forms.
        if id.len() > 500 {
            return Err(NotAnApiId);
        }
        let parts: Vec<&str> = id.strip_prefix('/').ok_or(NotAnApiId)?.split('/').collect();
        let word = |n: usize, word: &str| parts.get(n).is_some_and(|part| part.eq_ignore_ascii_case(word));
        let at = |n: usize| parts.get(n).copied().ok_or(NotAnApiId);
        if !word(0, "subscriptions") {
            return Err(NotAnApiId);
        }
        let tenant = at(1)?.parse().map_err(|_| NotAnApiId)?;
        let managed = parts.len() == 8
            && word(2, "providers")
            && word(3, "Microsoft.Web")
            && word(4, "locations")
            && word(5, LOCATION)
            && word(6, "managedApis");
        let custom = parts.len() == 8
            && word(2, "resourceGroups")
            && word(4, "providers")
            && word(5, "Microsoft.Web")
            && word(6, "customApis");
        let group = match (managed, custom) {
            (true, _) => None,
            (_, true) => Some(at(3)?.parse().map_err(|_| NotAnApiId)?),
            _ => return Err(NotAnApiId),
        };
        Ok(Self { tenant, group, name: at(7)?.parse().map_err(|_| NotAnApiId)? })
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
