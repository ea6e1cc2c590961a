//! The applications of services.

use outlive_clock::ClientId;

use super::example;
use crate::event::event;

event! {
    /// The application with which a service signs in by itself was replaced, or its secret.
    ServiceClientReplaced = "service_client.replaced" {
        /// Its client id now.
        #[schema(value_type = String)]
        client_id: ClientId,
    }
    notable |_| true,
    summary |_| "The application of the service got another secret.".to_owned(),
    example { client_id: example::portal() },
}
