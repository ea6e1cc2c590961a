//! Password verification, shared by all pages and endpoints that accept a password.

use outlive_clock::Instant;
use outlive_rules::smart_lockout::Lockout;
use outlive_rules::{Aadsts, aadsts};
use outlive_tokens::Secret;

use crate::directory::hashing_queue::Lane;
use crate::directory::passwords;
use crate::directory::{Tenant, User};
use crate::idp::Idp;
use crate::protocol::refusal::Refusal;

/// Attempts to record a failure when the user's row changes concurrently.
const TRIES: u32 = 16;

/// The result of a password check: the user, or the refusal with the user it concerns, if there is
/// one.
pub(crate) type Checked = Result<User, (Option<User>, Refusal)>;

impl Idp {
    /// Finds the user and verifies the password. The account status is checked last: without the
    /// password, a caller only learns whether the account is locked. Failures are counted, and a
    /// success resets the counter.
    pub(crate) async fn check_password(
        &self,
        tenant: &Tenant,
        user_name: &str,
        password: Secret,
    ) -> Result<Checked, Refusal> {
        let now = self.now(tenant.id).await?;
        let user = self.directory.user_by_upn(tenant.id, user_name).await?;
        let Some(user) = user.filter(|user| user.deleted_at.is_none()) else {
            // Takes as long as for an existing user.
            passwords::verify(Lane::Unknown(tenant.id), password, None).await?;
            return Ok(Err((None, Refusal::new(aadsts::USER_NOT_FOUND))));
        };
        Ok(match self.check_password_of(tenant, user, password, aadsts::WRONG_PASSWORD, now).await? {
            Ok(user) if !user.enabled => Err((Some(user), Refusal::new(aadsts::USER_DISABLED))),
            checked => checked,
        })
    }

    /// Verifies the password of a user. All places where a password can be guessed share one
    /// failure counter. `wrong` is the error for a wrong password.
    pub(crate) async fn check_password_of(
        &self,
        tenant: &Tenant,
        user: User,
        password: Secret,
        wrong: Aadsts,
        now: Instant,
    ) -> Result<Checked, Refusal> {
        let mark = self.secrets.wrong_password_mark(user.id, &password);
        let lane = Lane::User(user.tenant, user.id);
        let matches = self.verify_password(tenant, &user, lane, password, now).await?;
        let Some(user) = self.note_attempt(user, (!matches).then_some(&*mark), now).await? else {
            return Ok(Err((None, Refusal::new(aadsts::USER_NOT_FOUND))));
        };
        Ok(if user.lockout.is_locked(now) {
            Err((Some(user), Refusal::new(aadsts::ACCOUNT_LOCKED)))
        } else if matches {
            Ok(user)
        } else {
            Err((Some(user), Refusal::new(wrong)))
        })
    }

    /// Verifies a password. A sealed one is compared, and only its owner gets the response sooner
    /// than from a hash: a wrong password takes as long as any, and so does every one while the
    /// account is locked, so that no guess is confirmed then.
    async fn verify_password(
        &self,
        tenant: &Tenant,
        user: &User,
        lane: Lane,
        password: Secret,
        now: Instant,
    ) -> Result<bool, Refusal> {
        let stored = &user.password_hash;
        let Some(sealed) = passwords::open(user.tenant, user.id, stored, tenant.keys.sealer()) else {
            return Ok(passwords::verify(lane, password, Some(stored.clone())).await?);
        };
        let matches = sealed == password;
        if !matches || user.lockout.is_locked(now) {
            passwords::verify(lane, password, None).await?;
        }
        Ok(matches)
    }

    /// Records a failed attempt (by its mark) or a success. Returns the updated user, or `None` if
    /// it no longer exists.
    ///
    /// Concurrent attempts are all counted: on a conflict, the update is repeated with the current
    /// row.
    async fn note_attempt(
        &self,
        user: User,
        failure: Option<&str>,
        now: Instant,
    ) -> Result<Option<User>, Refusal> {
        let mut before = user;
        for _ in 0..TRIES {
            let lockout = match failure {
                Some(mark) => before.lockout.after_failure(mark, now),
                None if before.lockout.is_locked(now) => return Ok(Some(before)),
                None => Lockout::default(),
            };
            if lockout == before.lockout {
                return Ok(Some(before));
            }
            let after = User { lockout, ..before.clone() };
            match self.directory.commit(after.tenant, after.update(&before)).await {
                Ok(()) => return Ok(Some(User { revision: before.revision + 1, ..after })),
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error.into()),
            }
            match self.directory.user(before.tenant, before.id).await? {
                Some(user) => before = user,
                None => return Ok(None),
            }
        }
        Ok(Some(before))
    }
}
