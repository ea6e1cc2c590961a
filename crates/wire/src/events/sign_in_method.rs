//! Sign-in methods that users register.

use outlive_rules::aadsts::Aadsts;

use super::{actor::Actor, example};
use crate::event::{event, events};

events! {
    payload {
        /// The user principal name.
        upn: String,
        /// The passkey's credential id.
        passkey: String,
        /// Its name.
        name: String,
        /// The domain that it was registered for.
        rp_id: String,
    }
    example {
        upn: example::OWNER_UPN.to_owned(),
        passkey: "AQIDBA".to_owned(),
        name: "Security key".to_owned(),
        rp_id: "localhost".to_owned()
    }
    /// A user registered a passkey.
    PasskeyRegistered = "passkey.registered", notable true,
        |event| format!("{} registered the passkey \"{}\".", event.upn, event.name);
    /// A passkey was removed, by the user or an administrator.
    PasskeyRemoved = "passkey.removed" and {
        /// The caller of Microsoft Graph, if it was changed there.
        #[serde(flatten)]
        actor: Option<Actor>,
    } example { actor: None }, notable true,
        |event| format!("The passkey \"{}\" of {} was removed.", event.name, event.upn);
}

event! {
    /// The registration of a passkey was refused.
    PasskeyRefused = "passkey.refused" {
        /// The user principal name.
        upn: String,
        /// The error code.
        #[schema(value_type = String)]
        code: Aadsts,
        /// The error description.
        description: String,
    }
    notable |_| true,
    summary |event| format!("A passkey of {} was not registered. {}", event.upn, event.description),
    example { upn: example::OWNER_UPN.to_owned(), code: outlive_rules::aadsts::INVALID_GRANT, description: "AADSTS70000: The passkey could not be verified.".to_owned() },
}

event! {
    /// A user registered an authenticator application.
    AuthenticatorRegistered = "authenticator.registered" {
        /// The user principal name.
        upn: String,
    }
    notable |_| true,
    summary |event| format!("{} registered an authenticator application.", event.upn),
    example { upn: example::OWNER_UPN.to_owned() },
}
