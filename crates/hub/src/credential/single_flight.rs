//! One attempt at a time for each key; whoever comes meanwhile shares its result.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

type Flights<K, V> = Arc<Mutex<HashMap<K, watch::Receiver<Option<V>>>>>;

/// Attempts under way, by key. Holds nothing for keys without one.
pub(crate) struct SingleFlight<K, V>(Flights<K, V>);

impl<K, V> Default for SingleFlight<K, V> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K, V> std::fmt::Debug for SingleFlight<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SingleFlight")
    }
}

/// Ends the flight however its task ends.
struct Landing<K: Eq + Hash, V>(Flights<K, V>, K);

impl<K: Eq + Hash, V> Drop for Landing<K, V> {
    fn drop(&mut self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

impl<K, V> SingleFlight<K, V>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// The result of the attempt under way for `key`, or of a new one. A new attempt runs in a task of its own: it is finished
    /// even if nobody waits for it any more. `None` if it panicked.
    pub(crate) async fn run<F>(&self, key: K, attempt: impl FnOnce() -> F) -> Option<V>
    where
        F: Future<Output = V> + Send + 'static,
    {
        let mut landed = {
            let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match flights.get(&key) {
                Some(flight) => flight.clone(),
                None => {
                    let (land, flight) = watch::channel(None);
                    flights.insert(key.clone(), flight.clone());
                    let landing = Landing(Arc::clone(&self.0), key);
                    let attempt = attempt();
                    tokio::spawn(async move {
                        let result = attempt.await;
                        // Gone before the result is seen: whoever asks after that begins anew.
                        drop(landing);
                        let _ = land.send(Some(result));
                    });
                    flight
                }
            }
        };
        landed.wait_for(Option::is_some).await.ok()?.clone()
    }

    #[cfg(test)]
    fn under_way(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use tokio::sync::Notify;

    #[tokio::test]
    async fn those_who_come_meanwhile_share_one_attempt_and_nothing_is_left() {
        let flights = Arc::new(SingleFlight::<u8, usize>::default());
        let (count, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let all: Vec<_> = (0..64)
            .map(|_| {
                let (flights, count, gate) = (Arc::clone(&flights), Arc::clone(&count), Arc::clone(&gate));
                tokio::spawn(async move {
                    let attempt = || async move {
                        gate.notified().await;
                        count.fetch_add(1, SeqCst) + 1
                    };
                    flights.run(1, attempt).await
                })
            })
            .collect();
        tokio::task::yield_now().await;
        gate.notify_one();
        for one in all {
            assert_eq!(one.await.expect("no panic"), Some(1));
        }
        assert_eq!((count.load(SeqCst), flights.under_way()), (1, 0));
        assert_eq!(flights.run(1, || async { 7 }).await, Some(7), "afterwards an attempt is new");
    }

    #[tokio::test]
    async fn an_attempt_goes_on_without_whoever_began_it_and_keys_do_not_wait_for_each_other() {
        let flights = Arc::new(SingleFlight::<u8, u8>::default());
        let (gate, done) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let begun = {
            let (flights, gate, done) = (Arc::clone(&flights), Arc::clone(&gate), Arc::clone(&done));
            tokio::spawn(async move {
                let attempt = || async move {
                    gate.notified().await;
                    done.notify_one();
                    1
                };
                flights.run(1, attempt).await
            })
        };
        tokio::task::yield_now().await;
        assert_eq!(flights.run(2, || async { 2 }).await, Some(2));
        begun.abort();
        gate.notify_one();
        done.notified().await;
    }
}
