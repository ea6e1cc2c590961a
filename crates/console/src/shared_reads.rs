//! Reads that requests of one tenant share: many people may watch one page.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use outlive_chassis::pause;
use outlive_clock::{Instant, TenantId, wall_now};
use quick_cache::sync::Cache;
use tokio::sync::Mutex;

/// The number of tenants whose latest read is kept.
const TENANTS_KEPT: usize = 128;
/// Two reads of one tenant begin at least so far apart (wall time).
const SPACING: Duration = Duration::from_millis(100);

/// A read.
struct Read<T> {
    /// Its place among all arrivals and reads.
    place: u64,
    /// Wall time at which it began.
    began: Instant,
    value: Arc<T>,
}

/// The latest read of a tenant.
type Latest<T> = Mutex<Option<Read<T>>>;

/// Shares reads among the requests of a tenant. Each request gets what was read after it arrived,
/// so it never misses what happened before it. Cheap to clone.
pub(crate) struct SharedReads<T> {
    latest: Arc<Cache<TenantId, Arc<Latest<T>>>>,
    places: Arc<AtomicU64>,
}

impl<T> Clone for SharedReads<T> {
    fn clone(&self) -> Self {
        Self { latest: Arc::clone(&self.latest), places: Arc::clone(&self.places) }
    }
}

impl<T> Default for SharedReads<T> {
    fn default() -> Self {
        Self { latest: Arc::new(Cache::new(TENANTS_KEPT)), places: Arc::default() }
    }
}

impl<T> SharedReads<T> {
    /// Returns a read of a tenant that begins from now on: this one, or that of another request.
    pub(crate) async fn of<E>(
        &self,
        tenant: TenantId,
        read: impl Future<Output = Result<T, E>>,
    ) -> Result<Arc<T>, E> {
        let arrived = self.next_place();
        let Ok(latest) =
            self.latest.get_or_insert_with(&tenant, || Ok::<_, Infallible>(Arc::new(Mutex::new(None))));
        let mut latest = latest.lock().await;
        if let Some(Read { place, began, value }) = &*latest {
            if *place > arrived {
                return Ok(Arc::clone(value));
            }
            // Requests that arrive meanwhile wait for the same read.
            let since = (wall_now() - *began).to_std();
            pause(SPACING.saturating_sub(since)).await;
        }
        let (place, began) = (self.next_place(), wall_now());
        let value = Arc::new(read.await?);
        *latest = Some(Read { place, began, value: Arc::clone(&value) });
        Ok(value)
    }

    fn next_place(&self) -> u64 {
        self.places.fetch_add(1, Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use tokio::sync::Barrier;
    use tokio::task::JoinSet;

    use super::*;

    const REQUESTS: usize = 50;

    #[tokio::test]
    async fn requests_at_once_share_a_read_that_began_after_they_arrived() {
        let tenant: TenantId = "c0470500-0000-4000-8000-000000000001".parse().expect("an id");
        let shared = SharedReads::default();
        let (count, arrived) = (Arc::new(AtomicU32::new(0)), Arc::new(Barrier::new(REQUESTS + 1)));
        let mut requests = JoinSet::new();
        for _ in 0..REQUESTS {
            let (shared, count, arrived) = (shared.clone(), Arc::clone(&count), Arc::clone(&arrived));
            requests.spawn(async move {
                let reading = shared.of(tenant, async {
                    let number = count.fetch_add(1, Ordering::Relaxed) + 1;
                    // The first read ends when all requests have arrived.
                    if number == 1 {
                        arrived.wait().await;
                    }
                    Ok::<_, &str>(number)
                });
                let waiting = async {
                    if count.load(Ordering::Relaxed) > 0 {
                        arrived.wait().await;
                    }
                };
                tokio::join!(reading, waiting).0.map(|value| *value)
            });
        }
        let mut values: Vec<_> =
            requests.join_all().await.into_iter().map(|value| value.expect("a value")).collect();
        values.sort_unstable();
        assert_eq!((values[0], &values[1..]), (1, &[2; REQUESTS - 1][..]));

        // A later one never gets what was read before it; a failed read is not kept.
        let read = async || Ok::<_, &str>(count.fetch_add(1, Ordering::Relaxed) + 1);
        assert_eq!(shared.of(tenant, read()).await.map(|value| *value), Ok(3));
        assert!(shared.of(tenant, async { Err("no") }).await.is_err());
        assert_eq!(shared.of(tenant, read()).await.map(|value| *value), Ok(4));
    }
}
