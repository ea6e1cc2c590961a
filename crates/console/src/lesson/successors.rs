//! The tenants with which lessons went on, for forms that are sent twice: a double click, or the
//! page before opened again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use outlive_clock::TenantId;
use tokio::sync::OwnedMutexGuard;

/// The number of latest changes that are remembered.
const REMEMBERED: usize = 256;

/// A form that lets a lesson go on with another tenant: its tenant, step and token. Another browser
/// has another token, and gets a tenant of its own.
type Sent = (TenantId, usize, String);

/// The other tenant, once it is complete.
type Successor = Arc<tokio::sync::Mutex<Option<TenantId>>>;

/// The latest changes, by their forms.
#[derive(Clone, Default)]
pub(crate) struct Successors(Arc<Mutex<VecDeque<(Sent, Successor)>>>);

impl Successors {
    /// Waits for an earlier sending of the same form, and returns the tenant that it led to. If it
    /// led to none, the caller may set it, and later ones wait.
    pub(super) async fn turn(
        &self,
        tenant: TenantId,
        step: usize,
        token: &str,
    ) -> OwnedMutexGuard<Option<TenantId>> {
        let sent = (tenant, step, token.to_owned());
        let successor = {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match known.iter().find(|(other, _)| *other == sent) {
                Some((_, successor)) => Arc::clone(successor),
                None => {
                    if known.len() == REMEMBERED {
                        known.pop_front();
                    }
                    let successor = Successor::default();
                    known.push_back((sent, Arc::clone(&successor)));
                    successor
                }
            }
        };
        successor.lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_form_leads_to_one_tenant_and_another_browser_to_another() {
        let tenant =
            |number: u32| format!("00000000-0000-4000-8000-{number:012}").parse::<TenantId>().expect("an id");
        let successors = Successors::default();
        let mut first = successors.turn(tenant(1), 3, "a").await;
        assert_eq!(*first, None);
        let waiting = tokio::spawn({
            let successors = successors.clone();
            async move { *successors.turn(tenant(1), 3, "a").await }
        });
        for (number, step, token) in [(2, 3, "a"), (1, 4, "a"), (1, 3, "b")] {
            assert_eq!(*successors.turn(tenant(number), step, token).await, None);
        }
        *first = Some(tenant(7));
        drop(first);
        assert_eq!(waiting.await.expect("it ends"), Some(tenant(7)));
        for number in 0..1_000 {
            drop(successors.turn(tenant(number), 0, "a").await);
        }
        assert_eq!(successors.0.lock().expect("not poisoned").len(), REMEMBERED);
    }
}
