//! Runs one attempt at a time for each key; concurrent callers share its result.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;

type Flights<K, V> = Arc<Mutex<HashMap<K, watch::Receiver<Option<V>>>>>;

/// Attempts in progress, by key.
pub(crate) struct SingleFlight<K, V>(Flights<K, V>);

impl<K, V> Default for SingleFlight<K, V> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

/// Removes the flight when its task ends, even by a panic.
struct FlightGuard<K: Eq + Hash, V>(Flights<K, V>, K);

impl<K: Eq + Hash, V> Drop for FlightGuard<K, V> {
    fn drop(&mut self) {
        self.0.lock().remove(&self.1);
    }
}

impl<K, V> SingleFlight<K, V>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Returns the result of the attempt in progress for `key`, or of a new one. A new attempt runs
    /// in its own task and finishes even if all callers are cancelled. Returns `None` if it
    /// panicked.
    pub(crate) async fn run<F>(&self, key: K, attempt: impl FnOnce() -> F) -> Option<V>
    where
        F: Future<Output = V> + Send + 'static,
    {
        let mut result = {
            let mut flights = self.0.lock();
            match flights.get(&key) {
                Some(flight) => flight.clone(),
                None => {
                    let (sender, flight) = watch::channel(None);
                    flights.insert(key.clone(), flight.clone());
                    let guard = FlightGuard(Arc::clone(&self.0), key);
                    // Allocated in its place: spawning moves the whole future several times.
                    let attempt = Box::pin(attempt());
                    tokio::spawn(async move {
                        let result = attempt.await;
                        // Removed before the result is visible: later callers start a new attempt.
                        drop(guard);
                        let _ = sender.send(Some(result));
                    });
                    flight
                }
            }
        };
        result.wait_for(Option::is_some).await.ok()?.clone()
    }

    #[cfg(test)]
    fn in_progress(&self) -> usize {
        self.0.lock().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use tokio::sync::Notify;

    #[tokio::test]
    async fn concurrent_callers_share_one_attempt() {
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
        assert_eq!((count.load(SeqCst), flights.in_progress()), (1, 0));
        assert_eq!(flights.run(1, || async { 7 }).await, Some(7), "a later call starts a new attempt");
    }

    #[tokio::test]
    async fn an_attempt_survives_its_caller_and_keys_are_independent() {
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
