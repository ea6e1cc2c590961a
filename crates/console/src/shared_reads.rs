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
const SPACING: Duration = Duration::from_millis(70);

/// A read.
struct Read<T, E> {
    /// Its place among all arrivals and reads.
    place: u64,
    /// Wall time at which it began.
    began: Instant,
    value: Result<Arc<T>, E>,
}

/// The latest read of a tenant.
type Latest<T, E> = Mutex<Option<Read<T, E>>>;

/// Shares reads among the requests of a tenant. Each request gets what was read after it arrived,
/// so it never misses what happened before it. A failure is shared, too: otherwise each of many
/// would wait for a service that does not answer. Cheap to clone.
pub(crate) struct SharedReads<T, E> {
    latest: Arc<Cache<TenantId, Arc<Latest<T, E>>>>,
    places: Arc<AtomicU64>,
}

impl<T, E> Clone for SharedReads<T, E> {
    fn clone(&self) -> Self {
        Self { latest: Arc::clone(&self.latest), places: Arc::clone(&self.places) }
    }
}

impl<T, E> Default for SharedReads<T, E> {
    fn default() -> Self {
        Self { latest: Arc::new(Cache::new(TENANTS_KEPT)), places: Arc::default() }
    }
}

impl<T, E: Clone> SharedReads<T, E> {
    /// Returns a read of a tenant that begins from now on: this one, or that of another request.
    pub(crate) async fn of(
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
                return value.clone();
            }
            // Requests that arrive meanwhile wait for the same read.
            let since = (wall_now() - *began).to_std();
            pause(SPACING.saturating_sub(since)).await;
        }
        let (place, began) = (self.next_place(), wall_now());
        let value = read.await.map(Arc::new);
        *latest = Some(Read { place, began, value: value.clone() });
        value
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

    /// The numbers of the reads that requests get which arrive during the first one.
    async fn read_at_once(
        shared: &SharedReads<u32, u32>,
        count: &Arc<AtomicU32>,
        fails: bool,
    ) -> Vec<Result<u32, u32>> {
        let tenant: TenantId = "c0470500-0000-4000-8000-000000000001".parse().expect("an id");
        let arrived = Arc::new(Barrier::new(REQUESTS + 1));
        let mut requests = JoinSet::new();
        for _ in 0..REQUESTS {
            let (shared, count, arrived) = (shared.clone(), Arc::clone(count), Arc::clone(&arrived));
            requests.spawn(async move {
                let reading = shared.of(tenant, async {
                    let number = count.fetch_add(1, Ordering::Relaxed) + 1;
                    // The first read ends when all requests have arrived.
                    if number == 1 {
                        arrived.wait().await;
                    }
                    if fails { Err(number) } else { Ok(number) }
                });
                let waiting = async {
                    if count.load(Ordering::Relaxed) > 0 {
                        arrived.wait().await;
                    }
                };
                tokio::join!(reading, waiting).0.map(|value| *value)
            });
        }
        let mut values = requests.join_all().await;
        values.sort_unstable();
        values
    }

    #[tokio::test]
    async fn requests_at_once_share_a_read_that_began_after_they_arrived() {
        let tenant: TenantId = "c0470500-0000-4000-8000-000000000001".parse().expect("an id");
        let (shared, count) = (SharedReads::default(), Arc::new(AtomicU32::new(0)));
        let values = read_at_once(&shared, &count, false).await;
        assert_eq!((values[0], &values[1..]), (Ok(1), &[Ok(2); REQUESTS - 1][..]));

        // A later one never gets what was read before it.
        let read = async || Ok(count.fetch_add(1, Ordering::Relaxed) + 1);
        assert_eq!(shared.of(tenant, read()).await.map(|value| *value), Ok(3));
        assert!(shared.of(tenant, async { Err(0) }).await.is_err());
        assert_eq!(shared.of(tenant, read()).await.map(|value| *value), Ok(4));
    }

    #[tokio::test]
    async fn requests_at_once_share_a_failure() {
        let (shared, count) = (SharedReads::default(), Arc::new(AtomicU32::new(0)));
        let values = read_at_once(&shared, &count, true).await;
        assert_eq!((values[0], &values[1..]), (Err(1), &[Err(2); REQUESTS - 1][..]));
    }
}
