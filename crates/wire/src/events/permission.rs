//! Permissions: delegated (consent) and application (app roles).

use outlive_clock::ClientId;
use uuid::Uuid;

use super::{actor::Actor, example};
use crate::event::events;

events! {
    payload {
        /// The user principal name of the user or administrator who consented; absent in Microsoft
        /// Graph.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        upn: Option<String>,
        /// The client.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        client_id: Option<ClientId>,
        /// Its name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_name: Option<String>,
        /// The API: its identifier URI, or its client id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resource: Option<String>,
        /// The permissions, separated by spaces.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scope: Option<String>,
        /// `Principal` or `AllPrincipals`; absent if a user consented.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        consent_type: Option<String>,
        /// The id of the delegated permission grant in Microsoft Graph.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        grant: Option<String>,
        /// The caller of Microsoft Graph, if it was changed there.
        #[serde(flatten)]
        actor: Option<Actor>,
    }
    example {
        upn: Some(example::OWNER_UPN.to_owned()),
        client_id: Some(example::desktop()),
        client_name: Some("Orders Desktop".to_owned()),
        resource: Some("api://contoso-orders".to_owned()),
        scope: Some("Orders.Read".to_owned()),
        consent_type: None,
        grant: None,
        actor: None
    }
    /// A user or administrator consented to delegated permissions of a client.
    ConsentGranted = "consent.granted", notable true, |event| format!(
        "{} may now use {}{}.",
        client(event.client_name.as_deref(), event.client_id),
        permissions(event.scope.as_deref(), event.resource.as_deref()),
        if event.consent_type.as_deref() == Some("AllPrincipals") { " for all users" } else { "" },
    );
    /// The delegated permissions of a client were changed.
    ConsentChanged = "consent.changed", notable true, |event| format!(
        "{} may now use {} instead of what was granted before.",
        client(event.client_name.as_deref(), event.client_id),
        permissions(event.scope.as_deref(), event.resource.as_deref()),
    );
    /// The delegated permissions of a client were withdrawn.
    ConsentWithdrawn = "consent.withdrawn", notable true, |event| format!(
        "The permissions of {} were withdrawn.",
        client(event.client_name.as_deref(), event.client_id),
    );
}

fn client(name: Option<&str>, id: Option<ClientId>) -> String {
    match (name, id) {
        (Some(name), _) => name.to_owned(),
        (None, Some(id)) => format!("client {id}"),
        (None, None) => "the client".to_owned(),
    }
}

fn permissions(scope: Option<&str>, resource: Option<&str>) -> String {
    let scope = scope.filter(|scope| !scope.is_empty()).unwrap_or("no permission");
    match resource {
        Some(resource) => format!("{scope} of {resource}"),
        None => scope.to_owned(),
    }
}

events! {
    by actor;
    payload {
        /// The API that defines the role.
        #[schema(value_type = String)]
        client_id: ClientId,
        /// The object id of the user, group or service principal.
        #[schema(value_type = String)]
        principal: Uuid,
        /// `User`, `Group` or `ServicePrincipal`.
        principal_type: String,
        /// The value of the role (`Orders.Read.All`).
        role: String,
        /// The user principal name of the administrator who consented on a page.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        upn: Option<String>,
    }
    example {
        client_id: example::orders_api(),
        principal: example::uuid(),
        principal_type: "ServicePrincipal".to_owned(),
        role: "Orders.Read.All".to_owned(),
        upn: None
    }
    /// An app role was assigned.
    AppRoleAssigned = "app_role.assigned", notable true, |event| format!(
        "The app role {} was assigned to a {}.", event.role, principal(&event.principal_type)
    );
    /// An assignment of an app role was removed.
    AppRoleUnassigned = "app_role.unassigned", notable true, |event| format!(
        "The app role {} was taken from a {}.", event.role, principal(&event.principal_type)
    );
}

fn principal(principal_type: &str) -> &str {
    match principal_type {
        "User" => "user",
        "Group" => "group",
        _ => "service principal",
    }
}
