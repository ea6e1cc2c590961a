//! Device codes.

use outlive_clock::{ClientId, Instant, SessionId};

use super::sign_in::IssuedCode;
use crate::event::event;

event! {
    /// A device code was issued to a client.
    DeviceCodeIssued = "device_code.issued" {
        /// The client.
        #[schema(value_type = String)]
        client_id: ClientId,
        /// Its name.
        client_name: String,
        /// The device code.
        device_code: IssuedCode,
        /// When it expires (virtual time).
        #[schema(value_type = String)]
        good_until: Instant,
    }
    notable |_| false,
    summary |event| format!("A device code was issued to {}; it expires at {}.", event.client_name, event.good_until),
    example { client_id: crate::events::example::desktop(), client_name: "Orders Desktop".to_owned(), device_code: IssuedCode::example(), good_until: crate::events::example::later() },
}

event! {
    /// A user approved the sign-in of a device.
    DeviceCodeApproved = "device_code.approved" {
        /// The client.
        #[schema(value_type = String)]
        client_id: ClientId,
        /// Its name.
        client_name: String,
        /// The user principal name.
        upn: String,
        /// The browser session.
        #[schema(value_type = String)]
        session: SessionId,
        /// The authentication methods (RFC 8176).
        amr: Vec<String>,
        /// The device code.
        device_code: IssuedCode,
    }
    notable |_| true,
    summary |event| format!("{} approved the sign-in of a device to {}.", event.upn, event.client_name),
    example { client_id: crate::events::example::desktop(), client_name: "Orders Desktop".to_owned(), upn: crate::events::example::OWNER_UPN.to_owned(), session: crate::events::example::session(), amr: vec!["pwd".to_owned()], device_code: IssuedCode::example() },
}

event! {
    /// A user declined the sign-in of a device.
    DeviceCodeDeclined = "device_code.declined" {
        /// The client.
        #[schema(value_type = String)]
        client_id: ClientId,
        /// Its name.
        client_name: String,
        /// The user principal name.
        upn: String,
        /// The browser session.
        #[schema(value_type = String)]
        session: SessionId,
        /// The authentication methods (RFC 8176).
        amr: Vec<String>,
        /// The device code.
        device_code: IssuedCode,
    }
    notable |_| true,
    summary |event| format!("{} declined the sign-in of a device to {}.", event.upn, event.client_name),
    example { client_id: crate::events::example::desktop(), client_name: "Orders Desktop".to_owned(), upn: crate::events::example::OWNER_UPN.to_owned(), session: crate::events::example::session(), amr: vec!["pwd".to_owned()], device_code: IssuedCode::example() },
}
