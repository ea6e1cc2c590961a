//! Points on which the documents are silent or contradictory: each is a switch of the tenant, with
//! the most defensible answer as its default. docs/parity.md gives the reasons.

use std::fmt;

use crate::{Credential, Event, Fate};

/// The switches of a tenant. Written after the edition as `+name=value`; defaults are omitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switches {
    /// Whether a password change by the user revokes the refresh tokens of confidential clients, as
    /// some pages state. By the table it does not.
    /// `confidential_rt_on_password_change=survive|revoke`.
    pub confidential_revoked_on_password_change: bool,
    /// Whether disabling an account revokes existing grants. By default they work again once the
    /// account is enabled. `disable_revokes=no|yes`.
    pub disable_revokes: bool,
    /// Whether the use of a refresh token revokes it, and a second use its whole family, as with
    /// strict rotation. By default it remains valid. `rotation=advisory|strict`.
    pub strict_rotation: bool,
    /// The row of the table for a reset by `PATCH /users/{id}` with a `passwordProfile`.
    /// `patch_password_profile=azure_portal|entra_admin_center|m365_admin_center`.
    pub patch_password_profile: Event,
    /// The row of the table for a reset by `…/authentication/methods/{id}/resetPassword`.
    /// `reset_password_method=azure_portal|entra_admin_center|m365_admin_center`.
    pub reset_password_method: Event,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            confidential_revoked_on_password_change: false,
            disable_revokes: false,
            strict_rotation: false,
            patch_password_profile: Event::AdminResetAzurePortal,
            reset_password_method: Event::AdminResetEntraAdminCenter,
        }
    }
}

/// The switches by name, with their values, the default first.
const KNOWN: [(&str, &[&str]); 5] = [
    ("confidential_rt_on_password_change", &["survive", "revoke"]),
    ("disable_revokes", &["no", "yes"]),
    ("rotation", &["advisory", "strict"]),
    ("patch_password_profile", &["azure_portal", "entra_admin_center", "m365_admin_center"]),
    ("reset_password_method", &["entra_admin_center", "azure_portal", "m365_admin_center"]),
];

/// The text is not a known switch with a valid value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{text}' is neither a cell (row.column=revoked or row.column=alive) nor a switch; the switches are {known}"
)]
pub struct UnknownSwitch {
    text: String,
    known: String,
}

impl Switches {
    /// The same with one set, by its name and the name of the value.
    ///
    /// # Errors
    /// When there is no such switch, or it has no such value.
    pub fn set(mut self, name: &str, value: &str) -> Result<Self, UnknownSwitch> {
        let known = KNOWN.iter().any(|(known, values)| *known == name && values.contains(&value));
        if !known {
            let known: Vec<_> =
                KNOWN.iter().map(|(name, values)| format!("{name}={}", values.join("|"))).collect();
            let text = format!("{name}={value}").chars().take(120).collect();
            return Err(UnknownSwitch { text, known: known.join(", ") });
        }
        match name {
            "confidential_rt_on_password_change" => {
                self.confidential_revoked_on_password_change = value == "revoke"
            }
            "disable_revokes" => self.disable_revokes = value == "yes",
            "rotation" => self.strict_rotation = value == "strict",
            "patch_password_profile" => self.patch_password_profile = channel(value),
            _ => self.reset_password_method = channel(value),
        }
        Ok(self)
    }

    /// The switches without their default value, by name and value.
    #[must_use]
    pub fn changed(&self) -> Vec<(&'static str, &'static str)> {
        let values = [
            if self.confidential_revoked_on_password_change { "revoke" } else { "survive" },
            if self.disable_revokes { "yes" } else { "no" },
            if self.strict_rotation { "strict" } else { "advisory" },
            channel_name(self.patch_password_profile),
            channel_name(self.reset_password_method),
        ];
        let named = KNOWN.iter().zip(values);
        named
            .filter(|((_, known), value)| known.first() != Some(value))
            .map(|((name, _), value)| (*name, value))
            .collect()
    }

    /// What a switch says of a cell of the table, if one does.
    pub(crate) fn fate(&self, event: Event, credential: Credential) -> Option<Fate> {
        let ends = self.confidential_revoked_on_password_change
            && (event, credential) == (Event::PasswordChangedByUser, Credential::ConfidentialToken);
        ends.then_some(Fate::Revoked)
    }
}

fn channel(name: &str) -> Event {
    match name {
        "entra_admin_center" => Event::AdminResetEntraAdminCenter,
        "m365_admin_center" => Event::AdminResetM365AdminCenter,
        _ => Event::AdminResetAzurePortal,
    }
}

const fn channel_name(event: Event) -> &'static str {
    match event {
        Event::AdminResetEntraAdminCenter => "entra_admin_center",
        Event::AdminResetM365AdminCenter => "m365_admin_center",
        _ => "azure_portal",
    }
}

impl fmt::Display for Switches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.changed().into_iter().try_for_each(|(name, value)| write!(f, "+{name}={value}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_of_every_switch_can_be_set_and_written() {
        for (name, values) in KNOWN {
            for (place, value) in values.iter().enumerate() {
                let set = Switches::default().set(name, value).expect("a known value");
                let written = if place == 0 { vec![] } else { vec![(name, *value)] };
                assert_eq!(set.changed(), written);
                assert_eq!(set == Switches::default(), place == 0);
            }
            let wrong = Switches::default().set(name, "perhaps").expect_err("no such value").to_string();
            assert!(wrong.contains(&format!("{name}=perhaps")) && wrong.contains(values[0]), "{wrong}");
        }
        assert!(Switches::default().set("colour", "red").is_err());
    }
}
