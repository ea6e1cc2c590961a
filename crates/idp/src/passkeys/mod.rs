//! Passkeys: signing in by a key that an authenticator holds instead of by a password (Web Authentication). A user registers them
//! on a page of their own, and may go on signing in by password.

mod ceremony;
mod security_info;
mod sign_in;
mod stored;

pub(crate) use ceremony::Challenge;
pub(crate) use security_info::{change_security_info, security_info_page};
pub(crate) use sign_in::passkey;
pub(crate) use stored::{Passkey, of_user};

/// The methods of a sign-in by passkey: a key, and the person verified by the authenticator that holds it.
const AMR: [&str; 2] = ["fido", outlive_rules::second_factor::AMR];
