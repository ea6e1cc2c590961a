//! Taking a snapshot.

use outlive_clock::{TenantId, wall_now};
use outlive_wire::lab_api::Snapshot;
use uuid::Uuid;

use super::SnapshotError;
use super::error::{NAME_CHARACTERS_MAX, SNAPSHOTS_MAX};
use crate::tenants::{TenantError, Tenants};

impl Tenants {
    /// Takes a snapshot of a tenant. No operation of this lab changes the tenant meanwhile.
    ///
    /// # Errors
    /// A name that cannot be one or is taken, too many snapshots, a tenant that is busy, or a
    /// service that did not answer.
    pub async fn take_snapshot(
        &self,
        tenant: TenantId,
        name: Option<String>,
    ) -> Result<Snapshot, TenantError> {
        if name.as_deref().is_some_and(|name| !is_name(name)) {
            return Err(SnapshotError::Name.into());
        }
        let _turn = self.clock(tenant).await?;
        let present = self.snapshots(tenant).await?;
        if let Some(name) = &name
            && present.iter().any(|snapshot| snapshot.name.as_ref() == Some(name))
        {
            return Err(SnapshotError::NameTaken(name.clone()).into());
        }
        if present.len() >= SNAPSHOTS_MAX {
            return Err(SnapshotError::TooMany.into());
        }
        let state = self.copy_state(tenant).await?;
        let parts = state.parts()?;
        let snapshot = Snapshot {
            // Not of the tenant's randomness, which begins again with a reset.
            id: self.chassis().random.of("snapshots").of(tenant).stream("snapshot-id").uuid(),
            name,
            created: wall_now(),
            now: state.now,
            speed: state.speed,
            bytes: parts.iter().map(|(_, content)| content.len() as u64).sum(),
        };
        self.insert_snapshot(tenant, &snapshot, &state, parts).await?;
        Ok(snapshot)
    }
}

/// Whether a text can be the name of a snapshot. Snapshots are found by id or name.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=NAME_CHARACTERS_MAX).contains(&name.chars().count())
        && !name.chars().any(|c| c.is_control() || is_invisible(c))
        // Clients that normalize paths would request another one.
        && !matches!(name.trim(), "" | "." | "..")
        && name.parse::<Uuid>().is_err()
}

/// Whether a character changes how others are shown, or is not shown.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_texts_of_one_line() {
        for (name, is_valid) in [
            ("signed in", true),
            ("ä/ö?#", true),
            (&"x".repeat(100), true),
            (&"x".repeat(101), false),
            ("", false),
            ("a\nb", false),
            (" ", false),
            (".", false),
            ("..", false),
            ("a\u{202e}b", false),
            ("c0470500-0000-4000-8000-000000000001", false),
        ] {
            assert_eq!(is_name(name), is_valid, "{name:?}");
        }
    }
}
