//! A fair, bounded queue for password hashing. Hashing is expensive by design, so only a few hashes
//! run at once; a flood of sign-ins delays only itself.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use http::StatusCode;
use outlive_chassis::Problem;
use outlive_clock::{TenantId, UserId};
use outlive_rules::aadsts;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::protocol::refusal::Refusal;

/// Queued hashes per lane.
const LANE_MAX: usize = 64;
/// Queued hashes in all lanes.
const WAITING_MAX: usize = 1_024;

/// A queue of hashes. Lanes take turns.
///
/// Unknown user names share one lane per tenant, so that a flood of them delays only itself. That a
/// name is unknown is no secret (AADSTS50034 reports it), and without a flood an unknown name takes
/// as long as a known one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Lane {
    /// Password attempts for a user.
    User(TenantId, UserId),
    /// Password attempts for unknown user names.
    Unknown(TenantId),
    /// New passwords.
    New(TenantId),
}

/// Too many hashes are queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Overloaded;

impl From<Overloaded> for Problem {
    fn from(Overloaded: Overloaded) -> Self {
        let message = "Too many passwords are waiting to be hashed. Try again in a second.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", message)
    }
}

impl From<Overloaded> for Refusal {
    fn from(Overloaded: Overloaded) -> Self {
        Self::new(aadsts::TOO_MANY_REQUESTS)
    }
}

/// The queue. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct HashingQueue(Arc<Mutex<State>>);

/// Permission to hash. Dropping it starts the next one.
#[derive(Debug)]
pub(crate) struct Permit(Option<HashingQueue>);

#[derive(Debug)]
struct State {
    /// Hashes that may start now.
    free: usize,
    lanes: HashMap<Lane, VecDeque<oneshot::Sender<Permit>>>,
    /// Lanes with waiting hashes, in turn.
    turns: VecDeque<Lane>,
    waiting: usize,
}

impl HashingQueue {
    pub(crate) fn new(places: usize) -> Self {
        let state = State { free: places, lanes: HashMap::new(), turns: VecDeque::new(), waiting: 0 };
        Self(Arc::new(Mutex::new(state)))
    }

    /// Waits for a turn, unless too many hashes are queued.
    pub(crate) async fn turn(&self, lane: Lane) -> Result<Permit, Overloaded> {
        let waiting = {
            let mut state = self.0.lock();
            if state.free > 0 {
                state.free -= 1;
                return Ok(Permit(Some(self.clone())));
            }
            state.wait(lane)?
        };
        waiting.await.ok().ok_or(Overloaded)
    }
}

impl State {
    fn wait(&mut self, lane: Lane) -> Result<oneshot::Receiver<Permit>, Overloaded> {
        if self.is_full(lane) {
            self.forget_gone();
            if self.is_full(lane) {
                return Err(Overloaded);
            }
        }
        let (sender, receiver) = oneshot::channel();
        let queue = self.lanes.entry(lane).or_default();
        if queue.is_empty() {
            self.turns.push_back(lane);
        }
        queue.push_back(sender);
        self.waiting += 1;
        Ok(receiver)
    }

    fn is_full(&self, lane: Lane) -> bool {
        self.waiting >= WAITING_MAX || self.lanes.get(&lane).is_some_and(|queue| queue.len() >= LANE_MAX)
    }

    /// Removes entries whose callers have disconnected.
    fn forget_gone(&mut self) {
        self.lanes.retain(|_, queue| {
            queue.retain(|sender| !sender.is_closed());
            !queue.is_empty()
        });
        self.turns.retain(|lane| self.lanes.contains_key(lane));
        self.waiting = self.lanes.values().map(VecDeque::len).sum();
    }

    /// Returns the next entry and moves its lane behind all others.
    fn next(&mut self) -> Option<oneshot::Sender<Permit>> {
        let lane = self.turns.pop_front()?;
        let queue = self.lanes.get_mut(&lane)?;
        let sender = queue.pop_front()?;
        self.waiting -= 1;
        if queue.is_empty() {
            self.lanes.remove(&lane);
        } else {
            self.turns.push_back(lane);
        }
        Some(sender)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let Some(queue) = self.0.take() else { return };
        let mut state = queue.0.lock();
        while let Some(sender) = state.next() {
            match sender.send(Self(Some(queue.clone()))) {
                Ok(()) => return,
                // The caller has disconnected: the permit that came back is for no place, and the
                // place goes to the next entry.
                Err(mut unused) => unused.0 = None,
            }
        }
        state.free += 1;
    }
}

#[cfg(test)]
mod tests {
    use outlive_clock::Randomness;
    use tokio::task::JoinSet;

    use super::*;

    fn lanes() -> (TenantId, Lane, Lane) {
        let mut stream = Randomness::from_seed(1).stream("lanes");
        let tenant = TenantId::generate(&mut stream);
        let user = |stream: &mut _| Lane::User(tenant, UserId::generate(stream));
        (tenant, user(&mut stream), user(&mut stream))
    }

    /// Waits in the background; the task returns the number and whether it got a turn.
    fn wait(all: &mut JoinSet<(u32, bool)>, queue: &HashingQueue, lane: Lane, number: u32) {
        let queue = queue.clone();
        all.spawn(async move { (number, queue.turn(lane).await.is_ok()) });
    }

    /// Returns the next finished task, whose permit is dropped.
    async fn next(all: &mut JoinSet<(u32, bool)>) -> (u32, bool) {
        all.join_next().await.expect("a waiting task").expect("no panic")
    }

    #[tokio::test]
    async fn a_flood_delays_only_itself_and_is_bounded_in_size() {
        let (tenant, real, _) = lanes();
        let queue = HashingQueue::new(1);
        let busy = queue.turn(Lane::New(tenant)).await.expect("a free place");
        let mut all = JoinSet::new();
        for number in 0..600 {
            wait(&mut all, &queue, Lane::Unknown(tenant), number);
        }
        // With no hash running, only as many as fit are queued.
        for _ in 0..600 - LANE_MAX {
            assert!(!next(&mut all).await.1);
        }
        assert_eq!(queue.0.lock().waiting, LANE_MAX);
        wait(&mut all, &queue, real, 1_000);
        tokio::task::yield_now().await;
        assert_eq!(queue.0.lock().waiting, LANE_MAX + 1);
        drop(busy);
        let order = [next(&mut all).await, next(&mut all).await];
        assert!(order.contains(&(1_000, true)), "one of the flood comes before the user: {order:?}");
        for _ in 0..LANE_MAX - 1 {
            assert!(next(&mut all).await.1);
        }
        let state = queue.0.lock();
        assert_eq!((state.free, state.waiting, state.lanes.len(), state.turns.len()), (1, 0, 0, 0));
    }

    #[tokio::test]
    async fn a_user_under_attack_delays_no_other() {
        let (_, victim, other) = lanes();
        let queue = HashingQueue::new(2);
        let busy = [queue.turn(victim).await, queue.turn(victim).await];
        let mut all = JoinSet::new();
        for number in 0..50 {
            wait(&mut all, &queue, victim, number);
        }
        tokio::task::yield_now().await;
        wait(&mut all, &queue, other, 1_000);
        tokio::task::yield_now().await;
        drop(busy);
        let mut order = Vec::new();
        for _ in 0..51 {
            order.push(next(&mut all).await.0);
        }
        let place = order.iter().position(|number| *number == 1_000);
        assert!(place.is_some_and(|place| place <= 3), "{order:?}");
        assert_eq!(queue.0.lock().free, 2);
    }

    #[tokio::test]
    async fn a_caller_who_hangs_up_leaves_its_place() {
        let (tenant, real, _) = lanes();
        let queue = HashingQueue::new(1);
        let busy = queue.turn(real).await.expect("a free place");
        let mut gone = JoinSet::new();
        for number in 0..u32::try_from(LANE_MAX).expect("small") {
            wait(&mut gone, &queue, Lane::Unknown(tenant), number);
        }
        // The runtime polls about sixty tasks between two polls of this one.
        for _ in 0..4 {
            tokio::task::yield_now().await;
        }
        assert_eq!(queue.0.lock().waiting, LANE_MAX);
        gone.shutdown().await;
        let mut all = JoinSet::new();
        wait(&mut all, &queue, Lane::Unknown(tenant), 7);
        tokio::task::yield_now().await;
        assert_eq!(queue.0.lock().waiting, 1);
        drop(busy);
        assert_eq!(next(&mut all).await, (7, true));
        assert_eq!(queue.0.lock().free, 1);
    }

    #[tokio::test]
    async fn many_lanes_are_bounded_together() {
        let (tenant, ..) = lanes();
        let mut stream = Randomness::from_seed(2).stream("users");
        let queue = HashingQueue::new(1);
        let busy = queue.turn(Lane::New(tenant)).await;
        let mut all = JoinSet::new();
        for number in 0..2_000 {
            wait(&mut all, &queue, Lane::User(tenant, UserId::generate(&mut stream)), number);
        }
        for _ in 0..2_000 - WAITING_MAX {
            assert!(!next(&mut all).await.1);
        }
        drop(busy);
        for _ in 0..WAITING_MAX {
            assert!(next(&mut all).await.1);
        }
    }
}
