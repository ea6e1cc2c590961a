//! Credential events: the rows of the revocation table, as changes to the user object. A change
//! records only that the event happened; the rules evaluate it when a credential is used.

use outlive_chassis::Trace;
use outlive_clock::Instant;
use outlive_rules::Event;
use outlive_rules::smart_lockout::Lockout;
use outlive_store::{Change, StoreError};
use outlive_tokens::InitiatingEntity;
use outlive_wire::events::{PasswordChanged, PasswordExpired, PasswordReset, SessionsRevoked};
use outlive_wire::{JournalEvent, Subject};

use crate::directory::User;
use crate::directory::passwords::HashedPassword;
use crate::idp::Idp;
use crate::security_events::queue_event;

/// An event that affects a user's credentials.
#[derive(Debug, Clone)]
pub(crate) enum CredentialEvent {
    /// The user changes the password, given the current one.
    PasswordChanged(HashedPassword),
    /// The user resets a forgotten password.
    SelfServiceReset(HashedPassword),
    /// An administrator resets the password, through the channel that the event names.
    AdminReset(Event, HashedPassword, /* must change at next sign-in */ bool),
    /// The password reaches its maximum age.
    PasswordExpired,
    /// The user revokes their own sessions.
    UserRevokes,
    /// An administrator revokes the user's sessions.
    AdminRevokes,
}

impl CredentialEvent {
    const fn row(&self) -> Event {
        match self {
            Self::PasswordChanged(_) => Event::PasswordChangedByUser,
            Self::SelfServiceReset(_) => Event::Sspr,
            Self::AdminReset(row, _, _) => *row,
            Self::PasswordExpired => Event::PasswordExpires,
            Self::UserRevokes => Event::UserRevokes,
            Self::AdminRevokes => Event::AdminRevokes,
        }
    }

    const fn by(&self) -> InitiatingEntity {
        match self {
            Self::PasswordChanged(_) | Self::SelfServiceReset(_) | Self::UserRevokes => {
                InitiatingEntity::User
            }
            Self::AdminReset(..) | Self::AdminRevokes => InitiatingEntity::Admin,
            Self::PasswordExpired => InitiatingEntity::Policy,
        }
    }

    fn journal_event(&self, user: &User, by: &str) -> JournalEvent {
        let (by, event) = (by.to_owned(), self.row().name().to_owned());
        let (upn, role) = (user.upn.clone(), Some(user.role.clone()));
        match self {
            Self::PasswordChanged(_) => PasswordChanged { by, event, upn, role }.into(),
            Self::SelfServiceReset(_) | Self::AdminReset(..) => PasswordReset { by, event, upn, role }.into(),
            Self::PasswordExpired => PasswordExpired { by, event, upn, role }.into(),
            Self::UserRevokes | Self::AdminRevokes => SessionsRevoked { by, event, upn, role }.into(),
        }
    }

    /// Returns the user after the event.
    fn apply(self, user: &User, now: Instant) -> User {
        let row = self.row();
        let mut after = user.clone();
        after.revocations.record(row, now);
        // A reset unlocks a locked account; a change with the current password does not.
        if matches!(self, Self::SelfServiceReset(_) | Self::AdminReset(..)) {
            after.lockout = Lockout::default();
        }
        let must_change = matches!(self, Self::AdminReset(_, _, true));
        match self {
            Self::PasswordChanged(HashedPassword(hash))
            | Self::SelfServiceReset(HashedPassword(hash))
            | Self::AdminReset(_, HashedPassword(hash), _) => {
                after.password_hash = hash;
                after.password_changed_at = now;
                after.password_expired = false;
                after.must_change_password = must_change;
            }
            Self::PasswordExpired => after.password_expired = true,
            // Only an explicit revocation changes the property that Graph returns.
            Self::UserRevokes | Self::AdminRevokes => after.sessions_valid_from = now.whole_second(),
        }
        after
    }
}

/// Applies a credential event at the virtual instant `now`, and records it in the same commit,
/// which also contains `change`.
pub(crate) async fn apply_event(
    idp: &Idp,
    user: &User,
    event: CredentialEvent,
    now: Instant,
    by: &str,
    trace: &Trace,
    change: Change,
) -> Result<(), StoreError> {
    apply_event_and(idp, user, event, |_| (), now, by, trace, change).await
}

/// The same, with further changes to the user.
#[expect(clippy::too_many_arguments, reason = "what happens, to whom, when, by whom, and what goes with it")]
pub(crate) async fn apply_event_and(
    idp: &Idp,
    user: &User,
    event: CredentialEvent,
    also: impl FnOnce(&mut User),
    now: Instant,
    by: &str,
    trace: &Trace,
    mut change: Change,
) -> Result<(), StoreError> {
    let (recorded, entity) = (event.journal_event(user, by), event.by());
    let mut after = event.apply(user, now);
    also(&mut after);
    change.add(after.update(user));
    let recorded = outlive_journal::Event::new(user.tenant, now, Subject::user(user.id), trace, recorded);
    change.append(idp.chassis.journal.entry(&recorded));
    let pending = queue_event(idp, (user, &after), entity, now, trace, &mut change).await?;
    idp.directory.commit(user.tenant, change).await?;
    pending.deliver().await;
    Ok(())
}
