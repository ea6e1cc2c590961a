//! Whether a user name and a password are somebody's: asked by the sign-in page and by the token endpoint alike.

use outlive_clock::Instant;
use outlive_rules::aadsts;
use outlive_rules::smart_lockout::Lockout;
use outlive_tokens::Secret;

use crate::directory::{Tenant, User};
use crate::idp::Idp;
use crate::passwords;
use crate::refusal::Refusal;

/// How often noting a failure is tried again when something else happens to the user at the same moment.
const TRIES: u32 = 16;

impl Idp {
    /// Finds the user and checks the password, the account last: who does not know the password learns nothing about it, except
    /// that it is locked. Notes failures, and forgets them with a success.
    /// A refusal comes with the user it is about, if there is one.
    pub(crate) async fn check_password(
        &self,
        tenant: &Tenant,
        user_name: &str,
        password: Secret,
    ) -> Result<Result<User, (Option<User>, Refusal)>, Refusal> {
        let now = self.now(tenant.id).await?;
        let user = self.directory.user_by_upn(tenant.id, user_name).await?;
        let user = user.filter(|user| user.deleted_at.is_none());
        let mark = user.as_ref().map(|user| self.secrets.wrong_password_mark(user.id, &password));
        let matches = passwords::verify(password, user.as_ref().map(|user| user.password_hash.clone())).await;
        let (Some(user), Some(mark)) = (user, mark) else {
            return Ok(Err((None, Refusal::new(aadsts::USER_NOT_FOUND))));
        };
        let failure = (!matches).then_some(&*mark);
        let Some(user) = self.note_attempt(user, failure, now).await? else {
            return Ok(Err((None, Refusal::new(aadsts::USER_NOT_FOUND))));
        };
        Ok(if user.lockout.is_locked(now) {
            Err((Some(user), Refusal::new(aadsts::ACCOUNT_LOCKED)))
        } else if !matches {
            Err((Some(user), Refusal::new(aadsts::WRONG_PASSWORD)))
        } else if !user.enabled {
            Err((Some(user), Refusal::new(aadsts::USER_DISABLED)))
        } else {
            Ok(user)
        })
    }

    /// Writes down a failed attempt by its mark, or that one succeeded. The user as it is afterwards; `None` if it is gone.
    ///
    /// Attempts at the same moment are all counted: whoever comes second looks again.
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
                Ok(()) => return Ok(Some(after)),
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
