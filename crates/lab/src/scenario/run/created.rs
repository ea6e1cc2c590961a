//! What steps created besides connections and flows, by name.

use std::collections::HashMap;

use outlive_clock::Instant;

use crate::authenticator_app::AuthenticatorApp;
use crate::oauth_grants::DeviceAuthorization;

/// A device that waits for its user. No `Debug`: it contains a device code.
#[derive(Clone)]
pub(in crate::scenario) struct ScenarioDevice {
    pub(in crate::scenario) codes: DeviceAuthorization,
    pub(in crate::scenario) app: String,
    pub(in crate::scenario) scope: String,
}

/// The authenticator app of a user. No `Debug`: it contains a secret.
#[derive(Clone)]
pub(in crate::scenario) struct ScenarioAuthenticator {
    pub(in crate::scenario) app: AuthenticatorApp,
    /// The last code that was accepted, which is not accepted again.
    pub(in crate::scenario) used: Option<String>,
}

/// A client secret that a step added to an application.
#[derive(Clone)]
pub(in crate::scenario) struct ScenarioSecret {
    pub(in crate::scenario) app: String,
    /// Its key id at Microsoft Graph.
    pub(in crate::scenario) key_id: String,
}

/// What steps created, by name.
#[derive(Clone, Default)]
pub(in crate::scenario) struct Created {
    pub(in crate::scenario) devices: HashMap<String, ScenarioDevice>,
    /// By role.
    pub(in crate::scenario) authenticator_apps: HashMap<String, ScenarioAuthenticator>,
    pub(in crate::scenario) secrets: HashMap<String, ScenarioSecret>,
    /// Custom connectors, with their owners.
    pub(in crate::scenario) connectors: HashMap<String, String>,
    /// The ids of policies.
    pub(in crate::scenario) policies: HashMap<String, String>,
    /// The ids of groups.
    pub(in crate::scenario) groups: HashMap<String, String>,
}

impl ScenarioAuthenticator {
    /// Returns the code at an instant, or when the next one begins if it was used already.
    pub(in crate::scenario) fn code_at(&self, now: Instant) -> Result<String, Instant> {
        let codes = self.app.codes_at(now);
        if self.used.as_ref() == Some(&codes.current) { Err(codes.until) } else { Ok(codes.current) }
    }
}
