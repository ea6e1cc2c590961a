//! Applications and their credentials.

use outlive_clock::ClientId;

use super::actor::Actor;
use crate::event::event;

/// Declares changes of an application, which have one payload.
macro_rules! application_change {
    ($(#[doc = $when:literal] $name:ident = $kind:literal, $summary:literal;)+) => {$(
        event! {
            #[doc = $when]
            $name = $kind {
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
            summary |event| format!($summary, event.client_name),
            example { client_id: Some(crate::events::example::desktop()), client_name: "Orders Desktop".to_owned(), actor: Actor::example() },
        }
    )+};
}

application_change! {
    /// An application was registered.
    ApplicationCreated = "application.created", "The application {} was registered.";
    /// The registration of an application was changed.
    ApplicationUpdated = "application.updated", "The registration of {} was changed.";
    /// An application was deleted.
    ApplicationDeleted = "application.deleted", "The application {} was deleted.";
    /// The service principal of an application was disabled.
    ApplicationDisabled = "application.disabled", "The application {} was disabled.";
    /// The service principal of an application was enabled.
    ApplicationEnabled = "application.enabled", "The application {} was enabled.";
    /// A client secret was added to an application.
    SecretAdded = "secret.added", "A client secret was added to {}.";
    /// A client secret was removed from an application.
    SecretRemoved = "secret.removed", "A client secret was removed from {}.";
    /// The client secrets of an application were replaced by a new one.
    SecretRotated = "secret.rotated", "The client secret of {} was replaced.";
    /// The client secrets of an application expired.
    SecretExpired = "secret.expired", "The client secrets of {} expired.";
    /// A certificate was added to an application.
    CertificateAdded = "certificate.added", "A certificate was added to {}.";
    /// A certificate was removed from an application.
    CertificateRemoved = "certificate.removed", "A certificate was removed from {}.";
    /// A federated credential was added to an application.
    FederatedCredentialAdded = "federated_credential.added", "A federated credential was added to {}.";
    /// A federated credential of an application was changed.
    FederatedCredentialUpdated = "federated_credential.updated", "A federated credential of {} was changed.";
    /// A federated credential was removed from an application.
    FederatedCredentialRemoved = "federated_credential.removed", "A federated credential was removed from {}.";
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
