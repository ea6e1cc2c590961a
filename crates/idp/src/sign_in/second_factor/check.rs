//! Checks a code of an authenticator app.

use outlive_clock::Instant;
use outlive_journal::Event;
use outlive_rules::aadsts;
use outlive_rules::second_factor::is_fresh;
use outlive_store::Change;
use outlive_tokens::Secret;
use outlive_wire::Subject;
use outlive_wire::events::AuthenticatorRegistered;

use crate::directory::{Authenticator, Tenant, User};
use crate::idp::Idp;
use crate::protocol::refusal::Refusal;
use crate::visit::Visit;

/// How many times the check is retried if the user changes concurrently.
const TRIES: u32 = 16;

impl Visit {
    /// Checks a code, and registers the authenticator if it is new. A code is valid once, also for
    /// concurrent tries. Failures count towards a lockout as wrong passwords do.
    pub(super) async fn check_second_factor(
        &self,
        tenant: &Tenant,
        user: &User,
        new: Option<&Authenticator>,
        typed: &str,
        now: Instant,
    ) -> Result<Result<User, Refusal>, Refusal> {
        let idp: &Idp = &self.idp;
        let typed: String = typed.chars().filter(|c| !c.is_whitespace()).take(20).collect();
        let mark = idp.secrets.wrong_password_mark(user.id, &Secret::new(typed.as_str()));
        let mut before = user.clone();
        for _ in 0..TRIES {
            let lockout = before.second_factor.lockout.clone().unwrap_or_default();
            if lockout.is_locked(now) {
                return Ok(Err(Refusal::new(aadsts::ACCOUNT_LOCKED)));
            }
            let step = match (before.second_factor.authenticator(tenant.keys.sealer()), new) {
                (Some(known), None) => known.step_of(&typed, now),
                (None, Some(new)) => new.step_of(&typed, now),
                // Registered or removed meanwhile: the page is outdated.
                _ => None,
            };
            let last = before.second_factor.last_step;
            let good = step.filter(|step| last.is_none_or(|last| is_fresh(*step, last)));
            let mut after = before.clone();
            let mut change = Change::new();
            match good {
                Some(step) => {
                    after.second_factor.last_step = Some(step);
                    after.second_factor.lockout = None;
                    if let Some(new) = new {
                        let random = idp.chassis.random.of(user.tenant);
                        let mut nonce = random.stream("authenticator-secret-nonce");
                        after.second_factor.register(new, tenant.keys.sealer(), &mut nonce);
                        let registered = AuthenticatorRegistered { upn: user.upn.clone() };
                        let subject = Subject::user(user.id);
                        let event = Event::new(user.tenant, now, subject, &self.trace, registered);
                        change.append(idp.chassis.journal.entry(&event));
                    }
                }
                None => after.second_factor.lockout = Some(lockout.after_failure(&mark, now)),
            }
            if after.second_factor != before.second_factor {
                change.add(after.update(&before));
                match idp.directory.commit(user.tenant, change).await {
                    Ok(()) => after.revision += 1,
                    Err(error) if error.is_conflict() => {
                        match idp.directory.user(user.tenant, user.id).await? {
                            Some(user) => before = user,
                            None => return Ok(Err(Refusal::new(aadsts::USER_NOT_FOUND))),
                        }
                        continue;
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            let locked = after.second_factor.lockout.as_ref().is_some_and(|lockout| lockout.is_locked(now));
            return Ok(match good {
                Some(_) => Ok(after),
                None if locked => Err(Refusal::new(aadsts::ACCOUNT_LOCKED)),
                None => Err(Refusal::new(aadsts::SECOND_FACTOR_WRONG)),
            });
        }
        Ok(Err(Refusal::new(aadsts::SECOND_FACTOR_WRONG)))
    }
}
