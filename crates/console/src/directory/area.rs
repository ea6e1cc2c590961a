//! The navigation of the directory.

/// A part of the directory, with its entry in the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Area {
    Users,
    Groups,
    Registrations,
    Enterprise,
    Consents,
    Policies,
    Keys,
    Tenant,
}

/// The navigation: the Entra admin center's words where it has the page.
pub(super) const AREAS: [(Area, &str, &str); 8] = [
    (Area::Users, "/directory/users", "Users"),
    (Area::Groups, "/directory/groups", "Groups"),
    (Area::Registrations, "/directory/app-registrations", "App registrations"),
    (Area::Enterprise, "/directory/enterprise-applications", "Enterprise applications"),
    (Area::Consents, "/directory/consents", "Consent and permissions"),
    (Area::Policies, "/directory/policies", "Conditional Access policies"),
    (Area::Keys, "/directory/keys", "Signing keys"),
    (Area::Tenant, "/directory/tenant", "Tenant overview"),
];
