//! Applications and their credentials.

use outlive_clock::ClientId;

use super::example;
use crate::event::events;

events! {
    by actor;
    payload {
        /// The client id, if it was changed in Microsoft Graph.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        client_id: Option<ClientId>,
        /// The application's name.
        client_name: String,
    }
    example {
        client_id: Some(example::desktop()),
        client_name: "Orders Desktop".to_owned()
    }
    /// An application was registered.
    ApplicationCreated = "application.created", notable true,
        |event| format!("The application {} was registered.", event.client_name);
    /// The registration of an application was changed.
    ApplicationUpdated = "application.updated", notable true,
        |event| format!("The registration of {} was changed.", event.client_name);
    /// An application was deleted.
    ApplicationDeleted = "application.deleted", notable true,
        |event| format!("The application {} was deleted.", event.client_name);
    /// The service principal of an application was disabled.
    ApplicationDisabled = "application.disabled", notable true,
        |event| format!("The application {} was disabled.", event.client_name);
    /// The service principal of an application was enabled.
    ApplicationEnabled = "application.enabled", notable true,
        |event| format!("The application {} was enabled.", event.client_name);
    /// A managed identity was created, together with the resource that it belongs to or on its own.
    ManagedIdentityCreated = "managed_identity.created", notable true,
        |event| format!("The managed identity {} was created.", event.client_name);
    /// A managed identity was deleted, for example with the resource that it belonged to.
    ManagedIdentityDeleted = "managed_identity.deleted", notable true,
        |event| format!("The managed identity {} was deleted.", event.client_name);
    /// A client secret was added to an application.
    SecretAdded = "secret.added", notable true,
        |event| format!("A client secret was added to {}.", event.client_name);
    /// A client secret was removed from an application.
    SecretRemoved = "secret.removed", notable true,
        |event| format!("A client secret was removed from {}.", event.client_name);
    /// The client secrets of an application were replaced by a new one.
    SecretRotated = "secret.rotated", notable true,
        |event| format!("The client secret of {} was replaced.", event.client_name);
    /// The client secrets of an application expired.
    SecretExpired = "secret.expired", notable true,
        |event| format!("The client secrets of {} expired.", event.client_name);
    /// A certificate was added to an application.
    CertificateAdded = "certificate.added", notable true,
        |event| format!("A certificate was added to {}.", event.client_name);
    /// A certificate was removed from an application.
    CertificateRemoved = "certificate.removed", notable true,
        |event| format!("A certificate was removed from {}.", event.client_name);
    /// A federated credential was added to an application.
    FederatedCredentialAdded = "federated_credential.added", notable true,
        |event| format!("A federated credential was added to {}.", event.client_name);
    /// A federated credential of an application was changed.
    FederatedCredentialUpdated = "federated_credential.updated", notable true,
        |event| format!("A federated credential of {} was changed.", event.client_name);
    /// A federated credential was removed from an application.
    FederatedCredentialRemoved = "federated_credential.removed", notable true,
        |event| format!("A federated credential was removed from {}.", event.client_name);
    /// Whether users need an assignment to sign in to an application was changed.
    ApplicationAssignmentChanged = "application.changed" and {
        /// Whether only assigned users can sign in to it now.
        assignment_required: bool,
    } example { assignment_required: true }, notable true, |event| if event.assignment_required {
        format!("Only assigned users can sign in to {} now.", event.client_name)
    } else {
        format!("All users can sign in to {} now.", event.client_name)
    };
}
