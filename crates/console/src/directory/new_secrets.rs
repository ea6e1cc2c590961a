//! New client secrets, from the redirect after the form until the page that shows each of them once.
//!
//! They are only in the memory of this process, for a few minutes, and for the browser that sent
//! the form. The address of the page contains a random reference, so that reloading it neither
//! repeats the rotation nor shows the secret again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use http::header::CACHE_CONTROL;
use http::{HeaderMap, StatusCode};
use outlive_clock::{Instant, Randomness, Span, TenantId, wall_now};
use subtle::ConstantTimeEq;

use crate::error::{ErrorPage, show};
use crate::pages::tenant_of;
use crate::state::Console;

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
    fn keep(&self, random: &Randomness, tenant: TenantId, token: &str, secret: &str, back: &str) -> String {
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
    fn take(&self, tenant: TenantId, token: &str, reference: &str) -> Option<(String, String)> {
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

/// Shows a client secret, this once.
#[derive(Template)]
#[template(path = "directory/secret.html")]
struct NewSecretPage {
    secret: String,
    back: String,
}

/// Returns the address of the page that shows a new secret to the browser that sent the form.
pub(super) fn address_of(
    console: &Console,
    tenant: TenantId,
    token: &str,
    secret: &str,
    back: &str,
) -> String {
    let reference = console.new_secrets.keep(&console.random, tenant, token, secret, back);
    format!("/console/{tenant}/new-secret/{reference}")
}

/// `GET /console/{tenant}/new-secret/{reference}`
pub(super) async fn page(
    State(console): State<Console>,
    Path((tenant, reference)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ErrorPage> {
    let tenant = tenant_of(&tenant)?;
    let token = console.form_key.token(&console.form_key.visitor(&headers));
    let (secret, back) = console.new_secrets.take(tenant, &token, &reference).ok_or_else(|| ErrorPage {
        status: StatusCode::GONE.as_u16(),
        what: "The new secret is not shown again".to_owned(),
        why: "it was shown once, or too long ago, or belongs to another browser".to_owned(),
        remedy: "Nothing was rotated by opening this page. The page of the application rotates the secret once more.",
    })?;
    Ok(([(CACHE_CONTROL, "no-store")], show(&NewSecretPage { secret, back })).into_response())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_secret_is_shown_once_to_its_browser() {
        let (secrets, random) = (NewSecrets::default(), Randomness::from_seed(1));
        let (tenant, other) =
            (TenantId::from_uuid(Uuid::from_u128(1)), TenantId::from_uuid(Uuid::from_u128(2)));
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
        // Those that nobody opens do not pile up.
        let first = secrets.keep(&random, tenant, "browser", "first", "/");
        for _ in 0..KEPT_MAX {
            secrets.keep(&random, tenant, "browser", "later", "/");
        }
        assert_eq!(secrets.take(tenant, "browser", &first), None);
        assert_eq!(secrets.kept.lock().expect("not poisoned").len(), KEPT_MAX);
    }
}
