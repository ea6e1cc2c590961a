//! What happens to a user's credentials: the rows of the revocation table, as changes to the user object. Whether anything
//! dies of it is not decided here; each row only notes that it happened, and the rules look when a credential is used.

use outlive_chassis::Trace;
use outlive_clock::Instant;
use outlive_journal::Event as JournalEvent;
use outlive_rules::Event;
use outlive_rules::smart_lockout::Lockout;
use outlive_store::{Change, StoreError};
use outlive_tokens::InitiatingEntity;
use serde_json::json;

use crate::directory::User;
use crate::idp::Idp;
use crate::passwords::HashedPassword;
use crate::security_events::queue_event;

/// Something that happens to a user's credentials.
#[derive(Debug, Clone)]
pub(crate) enum CredentialEvent {
    /// The user changes the password, knowing the old one.
    PasswordChanged(HashedPassword),
    /// The user resets a forgotten password.
    SelfServiceReset(HashedPassword),
    /// An administrator resets it, through the channel that the event names.
    AdminReset(Event, HashedPassword, /* must change at next sign-in */ bool),
    /// It reaches its age limit.
    PasswordExpired,
    /// The user revokes the own sessions.
    UserRevokes,
    /// An administrator revokes them.
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

    const fn journal_kind(&self) -> &'static str {
        match self {
            Self::PasswordChanged(_) => "password.changed",
            Self::SelfServiceReset(_) | Self::AdminReset(..) => "password.reset",
            Self::PasswordExpired => "password.expired",
            Self::UserRevokes | Self::AdminRevokes => "sessions.revoked",
        }
    }

    /// The user after the event.
    fn apply(self, user: &User, now: Instant) -> User {
        let row = self.row();
        let mut after = user.clone();
        after.revocations.record(row, now);
        match self {
            Self::PasswordChanged(HashedPassword(hash)) => {
                after.password_hash = hash;
                after.password_changed_at = now;
                after.password_expired = false;
                after.must_change_password = false;
            }
            // A reset opens a locked account; a change by somebody who knows the password does not.
            Self::SelfServiceReset(HashedPassword(hash)) => {
                after.password_hash = hash;
                after.password_changed_at = now;
                after.password_expired = false;
                after.must_change_password = false;
                after.lockout = Lockout::default();
            }
            Self::AdminReset(_, HashedPassword(hash), must_change) => {
                after.password_hash = hash;
                after.password_changed_at = now;
                after.password_expired = false;
                after.must_change_password = must_change;
                after.lockout = Lockout::default();
            }
            Self::PasswordExpired => after.password_expired = true,
            // Only an explicit revocation moves the property that Graph shows.
            Self::UserRevokes | Self::AdminRevokes => after.sessions_valid_from = now.whole_second(),
        }
        after
    }
}

/// Lets it happen at virtual instant `now`, and notes it in the journal in the same commit.
pub(crate) async fn happen(
    idp: &Idp,
    user: &User,
    event: CredentialEvent,
    now: Instant,
    by: &str,
    trace: &Trace,
) -> Result<(), StoreError> {
    happen_with(idp, user, event, now, by, trace, Change::new()).await
}

/// The same together with another change: both happen or neither.
pub(crate) async fn happen_with(
    idp: &Idp,
    user: &User,
    event: CredentialEvent,
    now: Instant,
    by: &str,
    trace: &Trace,
    change: Change,
) -> Result<(), StoreError> {
    happen_and(idp, user, event, |_| (), now, by, trace, change).await
}

/// The same where the user changes in other ways too: one change of the user, one commit.
#[expect(clippy::too_many_arguments, reason = "what happens, to whom, when, by whom, and what goes with it")]
pub(crate) async fn happen_and(
    idp: &Idp,
    user: &User,
    event: CredentialEvent,
    also: impl FnOnce(&mut User),
    now: Instant,
    by: &str,
    trace: &Trace,
    mut change: Change,
) -> Result<(), StoreError> {
    let (row, kind, entity) = (event.row(), event.journal_kind(), event.by());
    let mut after = event.apply(user, now);
    also(&mut after);
    change.add(after.update(user));
    let line = JournalEvent::new(user.tenant, now, kind, format!("user:{}", user.id), trace)
        .with(json!({"event": row.name(), "by": by, "upn": user.upn, "role": user.role}));
    change.append(idp.chassis.journal.entry(&line));
    let delivery = queue_event(idp, (user, &after), entity, now, trace, &mut change).await?;
    idp.directory.commit(user.tenant, change).await?;
    delivery.deliver().await;
    Ok(())
}
