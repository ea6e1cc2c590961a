//! The critical events of "Continuous access evaluation": changes of a user that resources are
//! notified of.

use outlive_tokens::SecurityEventKind::{CredentialChange, SessionRevoked};
use outlive_tokens::{InitiatingEntity, SecurityEventKind};

use crate::directory::User;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CriticalEvent {
    pub(crate) kind: SecurityEventKind,
    pub(crate) by: InitiatingEntity,
    /// A description for people.
    pub(crate) reason: &'static str,
}

/// Returns the first critical event between two states of a user: deleted, disabled, sessions
/// revoked, password changed, MFA required.
pub(crate) fn critical_event(before: &User, after: &User, by: InitiatingEntity) -> Option<CriticalEvent> {
    let (kind, reason) = if before.deleted_at.is_none() && after.deleted_at.is_some() {
        (SessionRevoked, "The user was deleted.")
    } else if before.enabled && !after.enabled {
        (SessionRevoked, "The user's account was disabled.")
    } else if before.sessions_valid_from != after.sessions_valid_from {
        (SessionRevoked, "The user's sessions were revoked.")
    } else if before.password_hash != after.password_hash {
        (CredentialChange, "The user's password was changed or reset.")
    } else if !before.second_factor.required && after.second_factor.required {
        (SessionRevoked, "Multifactor authentication is required of the user.")
    } else {
        return None;
    };
    Some(CriticalEvent { kind, by, reason })
}

#[cfg(test)]
mod tests {
    use outlive_clock::{Instant, Span, TenantId, UserId};
    use uuid::Uuid;

    use super::*;

    const NOW: Instant = Instant::from_seconds(1_000);

    fn user() -> User {
        User::new(TenantId::from_uuid(Uuid::from_u128(1)), UserId::from_uuid(Uuid::from_u128(2)), NOW)
    }

    fn event_after(change: impl FnOnce(&mut User)) -> Option<SecurityEventKind> {
        let mut after = user();
        change(&mut after);
        critical_event(&user(), &after, InitiatingEntity::Admin).map(|event| event.kind)
    }

    #[test]
    fn every_critical_event_is_found_and_nothing_else() {
        assert_eq!(event_after(|user| user.password_hash = "two".to_owned()), Some(CredentialChange));
        assert_eq!(event_after(|user| user.enabled = false), Some(SessionRevoked));
        assert_eq!(event_after(|user| user.deleted_at = Some(NOW)), Some(SessionRevoked));
        assert_eq!(event_after(|user| user.second_factor.required = true), Some(SessionRevoked));
        assert_eq!(
            event_after(|user| user.sessions_valid_from = NOW + Span::from_seconds(1)),
            Some(SessionRevoked)
        );
        assert_eq!(event_after(|user| user.password_expired = true), None, "password expiry revokes nothing");
        assert_eq!(event_after(|user| user.display_name = "Another".to_owned()), None);
    }

    #[test]
    fn restoring_a_user_is_no_critical_event() {
        let mut gone = user();
        gone.enabled = false;
        gone.deleted_at = Some(NOW);
        gone.second_factor.required = true;
        assert_eq!(critical_event(&gone, &user(), InitiatingEntity::Admin), None);
    }
}
