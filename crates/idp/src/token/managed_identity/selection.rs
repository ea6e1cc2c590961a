//! Which identity of a resource a request asks for. Pure.

use outlive_clock::ClientId;

use super::response::{IdentityError, Protocol};
use crate::directory::Application;
use crate::protocol::form::Parameters;

/// How a request names an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Selector<'a> {
    /// It does not: the identity that belongs to the resource.
    None,
    ClientId(&'a str),
    ObjectId(&'a str),
    ResourceId(&'a str),
}

impl<'a> Selector<'a> {
    /// Reads the parameters, of which a request has one at most.
    pub(super) fn of(parameters: &'a Parameters, protocol: Protocol) -> Result<Self, IdentityError> {
        let named = |name| match name {
            "client_id" => Self::ClientId,
            "object_id" | "principal_id" => Self::ObjectId,
            _ => Self::ResourceId,
        };
        let names = match protocol {
            Protocol::AppService => ["client_id", "object_id", "principal_id", "mi_res_id"],
            Protocol::Metadata => ["client_id", "object_id", "mi_res_id", "msi_res_id"],
        };
        let mut given =
            names.into_iter().filter_map(|name| parameters.get(name).map(|value| named(name)(value)));
        match (given.next(), given.next()) {
            (None, _) => Ok(Self::None),
            (Some(one), None) => Ok(one),
            (Some(_), Some(_)) => Err(IdentityError::SeveralIdentities),
        }
    }

    fn names(self, identity: &Application) -> bool {
        match self {
            Self::None => false,
            Self::ClientId(id) => id.eq_ignore_ascii_case(&identity.client_id.to_string()),
            Self::ObjectId(id) => id.eq_ignore_ascii_case(&identity.service_principal_id.to_string()),
            Self::ResourceId(id) => {
                let found = identity.document.managed_identity.as_ref();
                found.is_some_and(|found| found.resource_id.eq_ignore_ascii_case(id))
            }
        }
    }
}

/// Returns the identity that a request asks for, of those that the resource has. Without a selector
/// a virtual machine with a single identity gets a token for that one, whatever its type.
pub(super) fn select<'a>(
    selector: Selector<'_>,
    protocol: Protocol,
    system_assigned: Option<ClientId>,
    identities: &'a [Application],
) -> Result<&'a Application, IdentityError> {
    let found = match (selector, identities) {
        (Selector::None, [only]) if protocol == Protocol::Metadata => Some(only),
        (Selector::None, all) => all.iter().find(|identity| Some(identity.client_id) == system_assigned),
        (named, all) => all.iter().find(|identity| named.names(identity)),
    };
    found.ok_or(IdentityError::IdentityNotFound)
}

#[cfg(test)]
mod tests {
    use outlive_clock::ServicePrincipalId;
    use uuid::Uuid;

    use super::*;
    use crate::directory::ManagedIdentity;
    use crate::directory::managed_identity::managed_identity;

    fn identity(n: u128, user_assigned: bool) -> Application {
        let resource_id = format!("/subscriptions/s/identity-{n}");
        managed_identity(
            ClientId::from_uuid(Uuid::from_u128(n)),
            ServicePrincipalId::from_uuid(Uuid::from_u128(n + 100)),
            "identity",
            ManagedIdentity { resource_id, user_assigned },
        )
    }

    #[test]
    fn an_identity_is_selected_by_any_of_its_ids_and_otherwise_it_is_the_resources_own() {
        let all = [identity(1, false), identity(2, true), identity(3, true)];
        let client = all[1].client_id.to_string();
        let object = all[2].service_principal_id.to_string();
        let own = Some(all[0].client_id);
        for protocol in [Protocol::AppService, Protocol::Metadata] {
            let selected = |selector| select(selector, protocol, own, &all).map(|found| found.client_id);
            assert_eq!(selected(Selector::None), Ok(all[0].client_id));
            assert_eq!(selected(Selector::ClientId(&client)), Ok(all[1].client_id));
            assert_eq!(selected(Selector::ObjectId(&object)), Ok(all[2].client_id));
            assert_eq!(selected(Selector::ObjectId(&client)), Err(IdentityError::IdentityNotFound));
            let by_resource = Selector::ResourceId("/SUBSCRIPTIONS/s/identity-1");
            assert_eq!(selected(by_resource), Ok(all[0].client_id));
        }
    }

    #[test]
    fn a_resource_without_an_identity_of_its_own_has_a_default_only_on_a_virtual_machine() {
        let (one, two) = ([identity(2, true)], [identity(2, true), identity(3, true)]);
        let selected = |protocol, all| {
            let found = select(Selector::None, protocol, None, all);
            found.map(|found: &Application| found.client_id)
        };
        assert_eq!(selected(Protocol::Metadata, &one[..]), Ok(one[0].client_id));
        let none = Err(IdentityError::IdentityNotFound);
        assert_eq!(selected(Protocol::Metadata, &two[..]), none);
        assert_eq!(selected(Protocol::AppService, &one[..]), none);
        assert_eq!(selected(Protocol::Metadata, &[]), none);
    }

    #[test]
    fn two_selectors_are_rejected_and_those_of_the_other_protocol_have_no_effect() {
        let of = |query: &str, protocol| {
            let parameters = Parameters::parse(query.as_bytes());
            Selector::of(&parameters, protocol).map(|selector| selector != Selector::None)
        };
        for protocol in [Protocol::AppService, Protocol::Metadata] {
            assert_eq!(of("resource=a", protocol), Ok(false));
            assert_eq!(of("mi_res_id=a", protocol), Ok(true));
            assert_eq!(of("client_id=a&object_id=b", protocol), Err(IdentityError::SeveralIdentities));
        }
        assert_eq!(of("principal_id=a", Protocol::AppService), Ok(true));
        assert_eq!(of("principal_id=a", Protocol::Metadata), Ok(false));
        assert_eq!(of("msi_res_id=a", Protocol::Metadata), Ok(true));
        assert_eq!(of("msi_res_id=a", Protocol::AppService), Ok(false));
    }
}
