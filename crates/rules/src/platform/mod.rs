//! The platform's own applications, which every tenant has: Microsoft Graph with its permissions,
//! the APIs and the clients that tools start with. Data only; their client ids are the same in
//! every tenant.

/// Lists permissions: mark and consent, value, id; description.
macro_rules! permissions {
    (@published published) => { true };
    (@published derived) => { false };
    (@admin admin) => { true };
    (@admin user) => { false };
    ($name:ident; $($mark:ident $who:ident $value:literal $id:literal; $description:literal;)*) => {
        pub(super) const $name: &[Permission] = &[$(Permission {
            value: $value,
            id: $id,
            id_is_published: permissions!(@published $mark),
            admin: permissions!(@admin $who),
            description: $description,
        }),*];
    };
}

mod application;
mod delegated;

use application::GRAPH_APPLICATION;
use delegated::GRAPH_DELEGATED;

use crate::scopes::{GRAPH_APP_ID, GRAPH_URI};

/// A permission that an API offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permission {
    /// Its name, in the registered spelling.
    pub value: &'static str,
    /// Its id, a UUID.
    pub id: &'static str,
    /// Whether the id is the published one; otherwise it is derived from the name.
    pub id_is_published: bool,
    /// Whether an administrator has to consent.
    pub admin: bool,
    /// What the consent page shows.
    pub description: &'static str,
}

/// An application of the platform.
#[derive(Debug, Clone, Copy)]
pub struct PlatformApplication {
    /// Its client id, a UUID.
    pub client_id: &'static str,
    /// Its display name.
    pub name: &'static str,
    /// What else it is called.
    pub alias: Option<&'static str>,
    /// Its identifier URIs.
    pub identifier_uris: &'static [&'static str],
    /// The delegated permissions that it offers.
    pub delegated: &'static [Permission],
    /// The application permissions that it offers.
    pub application: &'static [Permission],
    /// The redirect URIs of a native client.
    pub redirect_uris: &'static [&'static str],
    /// The delegated permissions that this client has without consent: the API's client id, and
    /// names.
    pub preauthorized: &'static [(&'static str, &'static [&'static str])],
}

const ARM: &str = "797f4846-ba00-4fd7-ba43-dac1f8f63013";
const KEY_VAULT: &str = "cfa8b339-82a2-471a-a3c9-0fc0be7a4093";
const STORAGE: &str = "e406a681-f3d4-42a8-90b6-c2b029497af1";
const FLOW: &str = "7df0a125-d3be-4c96-aa54-591f83ff541c";
const IMPERSONATION: &[&str] = &["user_impersonation"];

/// What Azure CLI has of Microsoft Graph, as its tokens show.
const GRAPH_FOR_TOOLS: &[&str] =
    &["AuditLog.Read.All", "Directory.AccessAsUser.All", "Group.ReadWrite.All", "User.ReadWrite.All"];

/// What the Azure tools have without consent.
const FOR_TOOLS: &[(&str, &[&str])] = &[
    (GRAPH_APP_ID, GRAPH_FOR_TOOLS),
    (ARM, IMPERSONATION),
    (KEY_VAULT, IMPERSONATION),
    (STORAGE, IMPERSONATION),
    (FLOW, &["User", "user_impersonation"]),
];

const NATIVE: &[&str] = &[
    "http://localhost",
    "https://login.microsoftonline.com/common/oauth2/nativeclient",
    "urn:ietf:wg:oauth:2.0:oob",
];

permissions! {
    ARM_DELEGATED;
    published user "user_impersonation" "41094075-9dad-400e-a0bd-54e686782033"; "Manage your Azure resources";
}

permissions! {
    KEY_VAULT_DELEGATED;
    published user "user_impersonation" "f53da476-18e3-4152-8e01-aec403e6edc0"; "Use your key vaults";
}

permissions! {
    STORAGE_DELEGATED;
    published user "user_impersonation" "03e0da56-190b-40ad-a80c-ea378c433f7f"; "Use your storage accounts";
}

permissions! {
    FLOW_DELEGATED;
    derived user "User" "78816450-0412-58bb-b9eb-93b0c912a847"; "Manage your flows";
    derived user "user_impersonation" "25aa48d9-ddb1-5862-876d-f68a2d713c20"; "Use the flow service as you";
}

const NOTHING: PlatformApplication = PlatformApplication {
    client_id: "",
    name: "",
    alias: None,
    identifier_uris: &[],
    delegated: &[],
    application: &[],
    redirect_uris: &[],
    preauthorized: &[],
};

/// Every application of the platform. One that a tenant's own description registers is left to it.
pub const APPLICATIONS: &[PlatformApplication] = &[
    PlatformApplication {
        client_id: GRAPH_APP_ID,
        name: "Microsoft Graph",
        identifier_uris: &[GRAPH_URI, "https://graph.microsoft.com/"],
        delegated: GRAPH_DELEGATED,
        application: GRAPH_APPLICATION,
        ..NOTHING
    },
    PlatformApplication {
        client_id: ARM,
        name: "Windows Azure Service Management API",
        alias: Some("Azure Resource Manager"),
        identifier_uris: &["https://management.azure.com/", "https://management.core.windows.net/"],
        delegated: ARM_DELEGATED,
        ..NOTHING
    },
    PlatformApplication {
        client_id: KEY_VAULT,
        name: "Azure Key Vault",
        identifier_uris: &["https://vault.azure.net"],
        delegated: KEY_VAULT_DELEGATED,
        ..NOTHING
    },
    PlatformApplication {
        client_id: STORAGE,
        name: "Azure Storage",
        identifier_uris: &["https://storage.azure.com"],
        delegated: STORAGE_DELEGATED,
        ..NOTHING
    },
    PlatformApplication {
        client_id: FLOW,
        name: "Microsoft Flow Service",
        identifier_uris: &["https://service.flow.microsoft.com/"],
        delegated: FLOW_DELEGATED,
        ..NOTHING
    },
    PlatformApplication {
        client_id: "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
        name: "Microsoft Azure CLI",
        redirect_uris: NATIVE,
        preauthorized: FOR_TOOLS,
        ..NOTHING
    },
    PlatformApplication {
        client_id: "1950a258-227b-4e31-a9cf-717495945fc2",
        name: "Microsoft Azure PowerShell",
        redirect_uris: NATIVE,
        preauthorized: FOR_TOOLS,
        ..NOTHING
    },
];

/// Whether two identifier URIs are the same but for the case of letters and a slash at the end.
#[must_use]
pub fn is_same_identifier(one: &str, other: &str) -> bool {
    identifier_key(one) == identifier_key(other)
}

/// What identifier URIs are compared by: they are found without regard to case and a slash at the
/// end.
#[must_use]
pub fn identifier_key(uri: &str) -> String {
    uri.strip_suffix('/').unwrap_or(uri).to_ascii_lowercase()
}

/// The platform's application with this identifier URI or client id.
#[must_use]
pub fn resource(name: &str) -> Option<&'static PlatformApplication> {
    APPLICATIONS.iter().find(|known| {
        known.client_id.eq_ignore_ascii_case(name)
            || known.identifier_uris.iter().any(|uri| is_same_identifier(uri, name))
    })
}

/// The platform's application with this client id.
#[must_use]
pub fn application(client_id: &str) -> Option<&'static PlatformApplication> {
    APPLICATIONS.iter().find(|known| known.client_id.eq_ignore_ascii_case(client_id))
}

/// The platform's application of this display name, or that is also called so.
#[must_use]
pub fn named(name: &str) -> Option<&'static PlatformApplication> {
    APPLICATIONS.iter().find(|known| known.name == name || known.alias == Some(name))
}

/// The platform's application whose display name differs from `name` at most in the case of
/// letters, which users would not tell apart.
#[must_use]
pub fn same_name(name: &str) -> Option<&'static PlatformApplication> {
    let is_same = |known: &str| known.to_lowercase() == name.to_lowercase();
    APPLICATIONS.iter().find(|known| is_same(known.name) || known.alias.is_some_and(is_same))
}

/// The delegated permissions that a client of the platform has of an API without consent.
#[must_use]
pub fn preauthorized(client_id: &str, api: &str) -> &'static [&'static str] {
    let known = application(client_id).map_or(&[][..], |client| client.preauthorized);
    known.iter().find(|(known, _)| known.eq_ignore_ascii_case(api)).map_or(&[], |(_, scopes)| scopes)
}

impl PlatformApplication {
    /// Whether the description of a tenant may register it: Outlive's own flow service is this API.
    #[must_use]
    pub fn may_be_registered(&self) -> bool {
        self.client_id == FLOW
    }

    /// The delegated permission of this name, whatever its case.
    #[must_use]
    pub fn delegated(&self, name: &str) -> Option<&'static Permission> {
        self.delegated.iter().find(|known| known.value.eq_ignore_ascii_case(name))
    }

    /// The application permission of this name, whatever its case.
    #[must_use]
    pub fn application_permission(&self, name: &str) -> Option<&'static Permission> {
        self.application.iter().find(|known| known.value.eq_ignore_ascii_case(name))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::scopes::OIDC_SCOPES;

    fn is_uuid(text: &str) -> bool {
        text.len() == 36
            && text.bytes().enumerate().all(|(at, byte)| match at {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
            })
    }

    #[test]
    fn every_id_is_one_and_names_one_permission_of_its_kind() {
        for application in APPLICATIONS {
            assert!(is_uuid(application.client_id), "{}", application.name);
            for permissions in [application.delegated, application.application] {
                let ids: BTreeSet<_> = permissions.iter().map(|permission| permission.id).collect();
                let names: BTreeSet<_> =
                    permissions.iter().map(|permission| permission.value.to_ascii_lowercase()).collect();
                assert_eq!((ids.len(), names.len()), (permissions.len(), permissions.len()));
                assert!(permissions.iter().all(|permission| is_uuid(permission.id)));
            }
        }
    }

    #[test]
    fn apis_are_found_by_their_uris_and_clients_redirect() {
        let names: BTreeSet<_> = APPLICATIONS.iter().map(|known| known.name).collect();
        assert!(names.len() == APPLICATIONS.len() && !names.contains(""), "{names:?}");
        for known in APPLICATIONS {
            let is_api = !known.delegated.is_empty();
            assert_eq!(is_api, !known.identifier_uris.is_empty(), "{}", known.name);
            assert_eq!(is_api, known.preauthorized.is_empty(), "{}", known.name);
            assert_eq!(is_api, known.redirect_uris.is_empty(), "{}", known.name);
            assert_eq!(named(known.name).map(|found| found.client_id), Some(known.client_id));
            assert_eq!(known.may_be_registered(), known.name == "Microsoft Flow Service");
        }
        assert_eq!(named("Azure Resource Manager").map(|known| known.client_id), Some(ARM));
        assert!(named("Contoso").is_none());
    }

    #[test]
    fn a_tool_has_only_the_permissions_that_it_is_preauthorized_for() {
        let cli = "04B07795-8ddb-461a-bbee-02f9e1bf7b46";
        assert_eq!(preauthorized(cli, &FLOW.to_uppercase()), ["User", "user_impersonation"]);
        assert_eq!(preauthorized(cli, cli), [""; 0]);
        assert_eq!(preauthorized(ARM, FLOW), [""; 0]);
    }

    #[test]
    fn resources_are_found_whatever_their_case_and_last_slash() {
        for (name, found) in [
            ("https://graph.microsoft.com", Some("Microsoft Graph")),
            ("HTTPS://Graph.Microsoft.com/", Some("Microsoft Graph")),
            (GRAPH_APP_ID, Some("Microsoft Graph")),
            ("https://vault.azure.net/", Some("Azure Key Vault")),
            ("https://vault.azure.net//", None),
            ("api://contoso-orders", None),
        ] {
            assert_eq!(resource(name).map(|known| known.name), found, "{name}");
        }
    }

    #[test]
    fn graph_has_what_samples_request() {
        let graph = application(GRAPH_APP_ID).unwrap();
        assert!(graph.delegated.len() >= 150 && graph.application.len() >= 100);
        for oidc in OIDC_SCOPES {
            assert!(!graph.delegated(oidc).unwrap().admin);
        }
        // The permissions of the first pages of Microsoft's tutorials.
        for name in
            ["user.read", "Mail.Read", "Calendars.Read", "Files.Read", "Sites.Read.All", "People.Read"]
        {
            assert!(graph.delegated(name).is_some_and(|known| !known.admin), "{name}");
        }
        assert_eq!(graph.delegated("MAIL.READ").unwrap().value, "Mail.Read");
        // Microsoft Graph permissions reference.
        assert_eq!(
            graph.application_permission("User.Read.All").unwrap().id,
            "df021288-bdef-4463-88db-98f22de89214"
        );
        assert!(graph.application.iter().all(|known| known.admin));
    }

    #[test]
    fn preauthorized_permissions_exist() {
        for client in APPLICATIONS {
            for (api, names) in client.preauthorized {
                let api = application(api).unwrap();
                assert!(names.iter().all(|name| api.delegated(name).is_some()), "{}", client.name);
            }
        }
    }
}
