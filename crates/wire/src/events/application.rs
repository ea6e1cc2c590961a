//! Applications and their credentials.

use outlive_clock::ClientId;

use super::actor::Actor;
use crate::event::event;

event! {
    /// An application was registered.
    ApplicationCreated = "application.created" {
        /// The client id, if it was changed in Microsoft Graph.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        client_id: Option<ClientId>,
        /// The application's name.
        client_name: String,
        /// The caller of Microsoft Graph, if it was changed there.
        #[serde(flatten)]
        actor: Option<Actor>,
    }
    notable |_| true,
    summary |event| format!("The application {} was registered.", event.client_name),
    example { client_id: Some(crate::events::example::desktop()), client_name: "Orders Desktop".to_owned(), actor: Actor::example() },
}

event! {
    /// The registration of an application was changed.
    ApplicationUpdated = "application.updated" {
        /// The client id, if it was changed in Microsoft Graph.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        client_id: Option<ClientId>,
        /// The application's name.
        client_name: String,
        /// The caller of Microsoft Graph, if it was changed there.
        #[serde(flatten)]
        actor: Option<Actor>,
    }
    notable |_| true,
    summary |event| format!("The registration of {} was changed.", event.client_name),
    example { client_id: Some(crate::events::example::desktop()), client_name: "Orders Desktop".to_owned(), actor: Actor::example() },
}

event! {
    /// An application was deleted.
    ApplicationDeleted = "application.deleted" {
        /// The client id, if it was changed in Microsoft Graph.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        client_id: Option<ClientId>,
        /// The application's name.
        client_name: String,
        /// The caller of Microsoft Graph, if it was changed there.
        #[serde(flatten)]
        actor: Option<Actor>,
    }
    notable |_| true,
    summary |event| format!("The application {} was deleted.", event.client_name),
    example { client_id: Some(crate::events::example::desktop()), client_name: "Orders Desktop".to_owned(), actor: Actor::example() },
}

event! {
    /// The service principal of an application was disabled.
    ApplicationDisabled = "application.disabled" {
        /// The client id, if it was changed in Microsoft Graph.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        client_id: Option<ClientId>,
        /// The application's name.
        client_name: String,
        /// The caller of Microsoft Graph, if it was changed there.
        #[serde(flatten)]
        actor: Option<Actor>,
    }
    notable |_| true,
    summary |event| format!("The application {} was disabled.", event.client_name),
    example { client_id: Some(crate::events::example::desktop()), client_name: "Orders Desktop".to_owned(), actor: Actor::example() },
}

event! {
    /// The service principal of an application was enabled.
    ApplicationEnabled = "application.enabled" {
        /// The client id, if it was changed in Microsoft Graph.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        client_id: Option<ClientId>,
        /// The application's name.
        client_name: String,
        /// The caller of Microsoft Graph, if it was changed there.
        #[serde(flatten)]
        actor: Option<Actor>,
    }
    notable |_| true,
    summary |event| format!("The application {} was enabled.", event.client_name),
    example { client_id: Some(crate::events::example::desktop()), client_name: "Orders Desktop".to_owned(), actor: Actor::example() },
}

event! {
    /// A client secret was added to an application.
    SecretAdded = "secret.added" {
        /// The client id, if it was changed in Microsoft Graph.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        client_id: Option<ClientId>,
        /// The application's name.
        client_name: String,
        /// The caller of Microsoft Graph, if it was changed there.
        #[serde(flatten)]
        actor: Option<Actor>,
    }
    notable |_| true,
    summary |event| format!("A client secret was added to {}.", event.client_name),
    example { client_id: Some(crate::events::example::desktop()), client_name: "Orders Desktop".to_owned(), actor: Actor::example() },
}

event! {
    /// A client secret was removed from an application.
    SecretRemoved = "secret.removed" {
        /// The client id, if it was changed in Microsoft Graph.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        client_id: Option<ClientId>,
        /// The application's name.
        client_name: String,
        /// The caller of Microsoft Graph, if it was changed there.
        #[serde(flatten)]
        actor: Option<Actor>,
    }
    notable |_| true,
    summary |event| format!("A client secret was removed from {}.", event.client_name),
    example { client_id: Some(crate::events::example::desktop()), client_name: "Orders Desktop".to_owned(), actor: Actor::example() },
}

event! {
    /// The client secrets of an application were replaced by a new one.
    SecretRotated = "secret.rotated" {
        /// The client id, if it was changed in Microsoft Graph.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        client_id: Option<ClientId>,
        /// The application's name.
        client_name: String,
        /// The caller of Microsoft Graph, if it was changed there.
        #[serde(flatten)]
        actor: Option<Actor>,
    }
    notable |_| true,
    summary |event| format!("The client secret of {} was replaced.", event.client_name),
    example { client_id: Some(crate::events::example::desktop()), client_name: "Orders Desktop".to_owned(), actor: Actor::example() },
}

event! {
    /// The client secrets of an application expired.
    SecretExpired = "secret.expired" {
        /// The client id, if it was changed in Microsoft Graph.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        client_id: Option<ClientId>,
        /// The application's name.
        client_name: String,
        /// The caller of Microsoft Graph, if it was changed there.
        #[serde(flatten)]
        actor: Option<Actor>,
    }
    notable |_| true,
    summary |event| format!("The client secrets of {} expired.", event.client_name),
    example { client_id: Some(crate::events::example::desktop()), client_name: "Orders Desktop".to_owned(), actor: Actor::example() },
}

event! {
    /// A certificate was added to an application.
    CertificateAdded = "certificate.added" {
        /// The client id, if it was changed in Microsoft Graph.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        client_id: Option<ClientId>,
        /// The application's name.
        client_name: String,
        /// The caller of Microsoft Graph, if it was changed there.
        #[serde(flatten)]
        actor: Option<Actor>,
    }
    notable |_| true,
    summary |event| format!("A certificate was added to {}.", event.client_name),
    example { client_id: Some(crate::events::example::desktop()), client_name: "Orders Desktop".to_owned(), actor: Actor::example() },
}

event! {
    /// A certificate was removed from an application.
    CertificateRemoved = "certificate.removed" {
        /// The client id, if it was changed in Microsoft Graph.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        client_id: Option<ClientId>,
        /// The application's name.
        client_name: String,
        /// The caller of Microsoft Graph, if it was changed there.
        #[serde(flatten)]
        actor: Option<Actor>,
    }
    notable |_| true,
    summary |event| format!("A certificate was removed from {}.", event.client_name),
    example { client_id: Some(crate::events::example::desktop()), client_name: "Orders Desktop".to_owned(), actor: Actor::example() },
}

event! {
    /// A federated credential was added to an application.
    FederatedCredentialAdded = "federated_credential.added" {
        /// The client id, if it was changed in Microsoft Graph.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        client_id: Option<ClientId>,
        /// The application's name.
        client_name: String,
        /// The caller of Microsoft Graph, if it was changed there.
        #[serde(flatten)]
        actor: Option<Actor>,
    }
    notable |_| true,
    summary |event| format!("A federated credential was added to {}.", event.client_name),
    example { client_id: Some(crate::events::example::desktop()), client_name: "Orders Desktop".to_owned(), actor: Actor::example() },
}

event! {
    /// A federated credential of an application was changed.
    FederatedCredentialUpdated = "federated_credential.updated" {
        /// The client id, if it was changed in Microsoft Graph.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        client_id: Option<ClientId>,
        /// The application's name.
        client_name: String,
        /// The caller of Microsoft Graph, if it was changed there.
        #[serde(flatten)]
        actor: Option<Actor>,
    }
    notable |_| true,
    summary |event| format!("A federated credential of {} was changed.", event.client_name),
    example { client_id: Some(crate::events::example::desktop()), client_name: "Orders Desktop".to_owned(), actor: Actor::example() },
}

event! {
    /// A federated credential was removed from an application.
    FederatedCredentialRemoved = "federated_credential.removed" {
        /// The client id, if it was changed in Microsoft Graph.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        client_id: Option<ClientId>,
        /// The application's name.
        client_name: String,
        /// The caller of Microsoft Graph, if it was changed there.
        #[serde(flatten)]
        actor: Option<Actor>,
    }
    notable |_| true,
    summary |event| format!("A federated credential was removed from {}.", event.client_name),
    example { client_id: Some(crate::events::example::desktop()), client_name: "Orders Desktop".to_owned(), actor: Actor::example() },
}

event! {
    /// Whether users need an assignment to sign in to an application was changed.
    ApplicationAssignmentChanged = "application.changed" {
        /// The client id, if it was changed in Microsoft Graph.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        client_id: Option<ClientId>,
        /// The application's name.
        client_name: String,
        /// Whether only assigned users can sign in to it now.
        assignment_required: bool,
        /// The caller of Microsoft Graph, if it was changed there.
        #[serde(flatten)]
        actor: Option<Actor>,
    }
    notable |_| true,
    summary |event| if event.assignment_required {
        format!("Only assigned users can sign in to {} now.", event.client_name)
    } else {
        format!("All users can sign in to {} now.", event.client_name)
    },
    example { client_id: Some(crate::events::example::desktop()), client_name: "Orders Desktop".to_owned(), assignment_required: true, actor: Actor::example() },
}
