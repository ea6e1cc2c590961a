//! Device codes.

use outlive_clock::{ClientId, Instant, SessionId};

use super::{example, sign_in::IssuedCode};
use crate::event::events;

events! {
    payload {
        /// The client.
        #[schema(value_type = String)]
        client_id: ClientId,
        /// Its name.
        client_name: String,
        /// The device code.
        device_code: IssuedCode,
    }
    example {
        client_id: example::desktop(),
        client_name: "Orders Desktop".to_owned(),
        device_code: IssuedCode::example()
    }
    /// A device code was issued to a client.
    DeviceCodeIssued = "device_code.issued" and {
        /// When it expires (virtual time).
        #[schema(value_type = String)]
        good_until: Instant,
    } example { good_until: example::later() }, notable false, |event| format!(
        "A device code was issued to {}; it expires at {}.", event.client_name, event.good_until
    );
    /// A user approved the sign-in of a device.
    DeviceCodeApproved = "device_code.approved" and {
        /// The user principal name.
        upn: String,
        /// The browser session.
        #[schema(value_type = String)]
        session: SessionId,
        /// The authentication methods (RFC 8176).
        amr: Vec<String>,
    } example {
        upn: example::OWNER_UPN.to_owned(), session: example::session(), amr: vec!["pwd".to_owned()]
    }, notable true,
        |event| format!("{} approved the sign-in of a device to {}.", event.upn, event.client_name);
    /// A user declined the sign-in of a device.
    DeviceCodeDeclined = "device_code.declined" and {
        /// The user principal name.
        upn: String,
        /// The browser session.
        #[schema(value_type = String)]
        session: SessionId,
        /// The authentication methods (RFC 8176).
        amr: Vec<String>,
    } example {
        upn: example::OWNER_UPN.to_owned(), session: example::session(), amr: vec!["pwd".to_owned()]
    }, notable true,
        |event| format!("{} declined the sign-in of a device to {}.", event.upn, event.client_name);
}
