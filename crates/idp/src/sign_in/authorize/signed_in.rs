//! A signed-in user.

use crate::directory::User;
use crate::directory::sessions::Session;

/// A signed-in user with the session that proves it.
pub(crate) struct SignedIn {
    pub(crate) user: User,
    pub(crate) session: Session,
    /// Whether the user entered a password, used a passkey or picked the account in this request,
    /// which satisfies a prompt.
    pub(crate) just_now: bool,
    pub(crate) set_cookies: Vec<String>,
}
