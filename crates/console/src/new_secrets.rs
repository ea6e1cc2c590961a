//! New client secrets that were not shown yet: only in the memory of this process, for a few
//! minutes, and for the browser that sent the form.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use data_encoding::HEXLOWER;
use outlive_clock::{Instant, Randomness, Span, TenantId, wall_now};
use subtle::ConstantTimeEq;

/// The maximum number of secrets that were not shown; the oldest is forgotten.
const KEPT_MAX: usize = 64;
/// How long a secret is kept (wall time).
const KEPT_FOR: Span = Span::from_minutes(5);

/// Secrets that were not shown yet.
#[derive(Clone, Default)]
pub(crate) struct NewSecrets {
    kept: Arc<Mutex<VecDeque<Kept>>>,
}

/// A secret. No `Debug`: it is one.
struct Kept {
    reference: String,
    tenant: TenantId,
    /// The form token of the browser that rotated it.
    token: String,
    secret: String,
    back: String,
    ends: Instant,
}

impl NewSecrets {
    /// Keeps a secret for the browser with this form token. Returns its reference.
    pub(crate) fn keep(
        &self,
        random: &Randomness,
        tenant: TenantId,
        token: &str,
        secret: &str,
        back: &str,
    ) -> String {
        let reference = HEXLOWER.encode(&random.stream("console-new-secret").bytes::<16>());
        let now = wall_now();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|one| one.ends > now);
        if kept.len() == KEPT_MAX {
            kept.pop_front();
        }
        kept.push_back(Kept {
            reference: reference.clone(),
            tenant,
            token: token.to_owned(),
            secret: secret.to_owned(),
            back: back.to_owned(),
            ends: now + KEPT_FOR,
        });
        reference
    }

    /// Returns the secret of this reference and the page to return to; once.
    pub(crate) fn take(&self, tenant: TenantId, token: &str, reference: &str) -> Option<(String, String)> {
        let now = wall_now();
        let same = |a: &str, b: &str| bool::from(a.as_bytes().ct_eq(b.as_bytes()));
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|one| one.ends > now);
        let place = kept.iter().position(|one| {
            one.tenant == tenant && same(&one.reference, reference) && same(&one.token, token)
        })?;
        kept.remove(place).map(|one| (one.secret, one.back))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_shown_once_to_its_browser() {
        let (secrets, random) = (NewSecrets::default(), Randomness::from_seed(1));
        let [tenant, other] = [1, 2].map(|number| {
            format!("00000000-0000-4000-8000-{number:012}").parse::<TenantId>().expect("an id")
        });
        let reference = secrets.keep(&random, tenant, "browser", "s3cret", "/back");
        for (tenant, token, reference) in [
            (other, "browser", &*reference),
            (tenant, "another", &reference),
            (tenant, "browser", "0"),
            (tenant, "browser", ""),
        ] {
            assert_eq!(secrets.take(tenant, token, reference), None);
        }
        let shown = Some(("s3cret".to_owned(), "/back".to_owned()));
        assert_eq!(secrets.take(tenant, "browser", &reference), shown);
        assert_eq!(secrets.take(tenant, "browser", &reference), None);
        // Those that are not shown do not pile up.
        let first = secrets.keep(&random, tenant, "browser", "first", "/");
        for _ in 0..KEPT_MAX {
            secrets.keep(&random, tenant, "browser", "later", "/");
        }
        assert_eq!(secrets.take(tenant, "browser", &first), None);
        assert_eq!(secrets.kept.lock().expect("not poisoned").len(), KEPT_MAX);
    }
}
