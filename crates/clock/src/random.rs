//! Labeled randomness.
//!
//! Every draw has a label for its purpose. With a seed, each label has its own sequence of streams,
//! so that an additional draw does not shift the others: the third session has the same id
//! whatever else was drawn before.

#![expect(clippy::disallowed_methods, reason = "the one place that draws from the generator of the thread")]

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use rand::rngs::ChaCha20Rng;
use rand::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

use crate::Instant;

/// A source of labeled random streams, seeded or from the system. Cheap to clone; clones share
/// their sequences.
#[derive(Clone)]
pub struct Randomness(Source);

#[derive(Clone)]
enum Source {
    /// The generator of the thread, which the operating system seeds, and the number of streams so
    /// far. Labels make no difference.
    System {
        drawn: Arc<AtomicU64>,
    },
    Seeded(Seeded),
}

#[derive(Clone)]
struct Seeded {
    root: [u8; 32],
    path: Arc<str>,
    /// The number of streams so far, by path and label.
    drawn: Arc<Mutex<HashMap<String, u64>>>,
}

impl Seeded {
    fn with_root(root: [u8; 32]) -> Self {
        Self { root, path: Arc::from(""), drawn: Arc::default() }
    }

    fn fork(&self, label: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.root);
        hash.update([0]);
        hash.update(self.path.as_bytes());
        hash.update([1]);
        hash.update(label.as_bytes());
        Self::with_root(hash.finalize().into())
    }

    fn of(&self, owner: impl std::fmt::Display) -> Self {
        Self { path: Arc::from(format!("{}{owner}/", self.path)), ..self.clone() }
    }

    fn stream(&self, label: &'static str) -> Stream {
        let key = format!("{}{label}", self.path);
        let turn = {
            let mut drawn = self.drawn.lock();
            let turn = drawn.entry(key.clone()).or_insert(0);
            *turn += 1;
            *turn
        };
        let mut hash = Sha256::new();
        hash.update(self.root);
        hash.update(key.as_bytes());
        hash.update([0]);
        hash.update(turn.to_be_bytes());
        Stream { generator: Generator::of_hash(hash), turn }
    }

    fn stream_of(&self, label: &'static str, key: impl std::fmt::Display) -> Stream {
        let mut hash = Sha256::new();
        hash.update(self.root);
        hash.update(self.path.as_bytes());
        hash.update(label.as_bytes());
        hash.update([1]);
        hash.update(key.to_string().as_bytes());
        Stream { generator: Generator::of_hash(hash), turn: 0 }
    }
}

impl std::fmt::Debug for Randomness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Source::System { .. } => f.write_str("Randomness of the system"),
            Source::Seeded(seeded) => {
                f.debug_struct("Randomness").field("path", &seeded.path).finish_non_exhaustive()
            }
        }
    }
}

impl Randomness {
    /// Randomness from the operating system. If that provides none, draws panic.
    #[must_use]
    pub fn from_system() -> Self {
        Self(Source::System { drawn: Arc::default() })
    }

    /// Reproducible randomness: the same seed yields the same draws.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        let root = Sha256::digest(format!("outlive/seed/{seed}")).into();
        Self(Source::Seeded(Seeded::with_root(root)))
    }

    /// An independent source named `label`, for another service or another start on the same data.
    #[must_use]
    pub fn fork(&self, label: &str) -> Self {
        match &self.0 {
            Source::System { .. } => Self::from_system(),
            Source::Seeded(seeded) => Self(Source::Seeded(seeded.fork(label))),
        }
    }

    /// The source for one owner, for example a tenant; with a seed, with separate sequences.
    #[must_use]
    pub fn of(&self, owner: impl std::fmt::Display) -> Self {
        match &self.0 {
            Source::System { .. } => self.clone(),
            Source::Seeded(seeded) => Self(Source::Seeded(seeded.of(owner))),
        }
    }

    /// Returns the next stream for `label`, the purpose of the draw (`"access-token-lifetime"`).
    #[must_use]
    pub fn stream(&self, label: &'static str) -> Stream {
        match &self.0 {
            Source::System { drawn } => {
                let turn = drawn.fetch_add(1, Ordering::Relaxed) + 1;
                Stream { generator: Generator::System, turn }
            }
            Source::Seeded(seeded) => seeded.stream(label),
        }
    }

    /// Returns the stream for `label` and `key`. With a seed, it does not depend on what was drawn
    /// before, and so not on the order in which concurrent requests arrive; the same key has the
    /// same stream, which must not be used for ids or nonces. Without one, it is the next stream.
    #[must_use]
    pub fn stream_of(&self, label: &'static str, key: impl std::fmt::Display) -> Stream {
        match &self.0 {
            Source::System { .. } => self.stream(label),
            Source::Seeded(seeded) => seeded.stream_of(label, key),
        }
    }

    /// Drops the sequences of a deleted owner.
    pub fn forget(&self) {
        if let Source::Seeded(seeded) = &self.0 {
            seeded.drawn.lock().retain(|key, _| !key.starts_with(&*seeded.path));
        }
    }
}

/// A stream of cryptographically secure random values (ChaCha).
pub struct Stream {
    generator: Generator,
    /// The index in the sequence of its label; without a seed, in that of all streams.
    turn: u64,
}

enum Generator {
    /// That of the current thread.
    System,
    Seeded(Box<ChaCha20Rng>),
}

impl Generator {
    fn of_hash(hash: Sha256) -> Self {
        Self::Seeded(Box::new(ChaCha20Rng::from_seed(hash.finalize().into())))
    }
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stream")
    }
}

impl Stream {
    /// Whether a seed determines the values.
    #[must_use]
    pub const fn is_seeded(&self) -> bool {
        matches!(self.generator, Generator::Seeded(_))
    }

    /// `N` random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// Fills a buffer.
    pub fn fill(&mut self, buffer: &mut [u8]) {
        match &mut self.generator {
            Generator::System => rand::rng().fill_bytes(buffer),
            Generator::Seeded(random) => random.fill_bytes(buffer),
        }
    }

    /// A random 32-bit number.
    #[must_use]
    pub fn next_u32(&mut self) -> u32 {
        match &mut self.generator {
            Generator::System => rand::rng().next_u32(),
            Generator::Seeded(random) => random.next_u32(),
        }
    }

    /// A random 64-bit number.
    #[must_use]
    pub fn next_u64(&mut self) -> u64 {
        match &mut self.generator {
            Generator::System => rand::rng().next_u64(),
            Generator::Seeded(random) => random.next_u64(),
        }
    }

    /// A uniformly distributed number in `low..=high`.
    #[must_use]
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let range = low..=high.max(low);
        match &mut self.generator {
            Generator::System => rand::RngExt::random_range(&mut rand::rng(), range),
            Generator::Seeded(random) => rand::RngExt::random_range(random, range),
        }
    }

    /// `N` bytes, of which the first four encode the index of the stream: unpredictable as a whole,
    /// but adjacent in a database index. `N` is at least 8.
    #[must_use]
    pub fn bytes_in_turn<const N: usize>(&mut self) -> [u8; N] {
        const { assert!(N >= 8, "too little of it would be random") };
        let mut bytes = self.bytes();
        let [.., a, b, c, d] = self.turn.to_be_bytes();
        bytes[..4].copy_from_slice(&[a, b, c, d]);
        bytes
    }

    /// A time-ordered UUID (version 7; RFC 9562, sections 5.7 and 6.2): the millisecond of `at`, in
    /// the owner's time, then the index of the stream modulo 4,096, then randomness.
    #[must_use]
    pub fn uuid_at(&mut self, at: Instant) -> uuid::Uuid {
        let mut bytes: [u8; 10] = self.bytes();
        let [.., high, low] = self.turn.to_be_bytes();
        // Twelve bits of the index; the version replaces the first four of the two bytes.
        bytes[..2].copy_from_slice(&[high, low]);
        let millisecond = u64::try_from(at.as_micros() / 1_000).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millisecond, &bytes).into_uuid()
    }

    /// A random (version 4) UUID.
    #[must_use]
    pub fn uuid(&mut self) -> uuid::Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_labels_do_not_shift_each_other() {
        let (a, b) = (Randomness::from_seed(7), Randomness::from_seed(7));
        let _ = b.stream("other").next_u64();
        assert_eq!(a.stream("x").next_u64(), b.stream("x").next_u64());
        assert_ne!(a.stream("x").next_u64(), Randomness::from_seed(7).stream("x").next_u64());
        assert_ne!(
            Randomness::from_seed(8).stream("x").next_u64(),
            Randomness::from_seed(7).stream("x").next_u64()
        );
    }

    #[test]
    fn owners_count_apart_and_clones_together() {
        let source = Randomness::from_seed(1);
        let (one, two) = (source.of("one"), source.of("two"));
        let first = one.stream("x").next_u64();
        let _ = two.stream("x").next_u64();
        assert_ne!(first, one.clone().stream("x").next_u64());
        assert_eq!(first, Randomness::from_seed(1).of("one").stream("x").next_u64());
        assert_ne!(source.fork("idp").stream("x").next_u64(), source.fork("hub").stream("x").next_u64());
    }

    #[test]
    fn with_a_seed_the_stream_of_a_key_depends_on_the_key_alone() {
        let draw = |source: &Randomness, key: &str| source.stream_of("x", key).next_u64();
        let [forward, backward] = [7, 7].map(Randomness::from_seed);
        let (a, b) = (draw(&forward, "a"), draw(&forward, "b"));
        assert_eq!((b, a), (draw(&backward, "b"), draw(&backward, "a")));
        assert_eq!(a, draw(&forward, "a"));
        let others = [
            b,
            draw(&forward.of("owner"), "a"),
            draw(&Randomness::from_seed(8), "a"),
            forward.stream_of("y", "a").next_u64(),
            forward.stream("x").next_u64(),
        ];
        assert!(!others.contains(&a), "{a} is in {others:?}");
        let system = Randomness::from_system();
        assert_ne!(draw(&system, "a"), draw(&system, "a"));
    }

    #[test]
    fn ids_sort_by_time_and_at_one_time_by_turn() {
        let source = Randomness::from_seed(5);
        let at = |second: i64| Instant::from_seconds(1_767_604_500 + second);
        let draw = |second| source.stream("id").uuid_at(at(second));
        let drawn = [draw(0), draw(0), draw(0), draw(1), draw(60)];
        assert!(drawn.is_sorted() && drawn.iter().all(|id| id.get_version_num() == 7));
        assert_eq!(drawn[0], Randomness::from_seed(5).stream("id").uuid_at(at(0)));
        // Two starts on the same data draw different values.
        assert_ne!(drawn[0], Randomness::from_seed(6).stream("id").uuid_at(at(0)));
        let before_1970 = source.stream("id").uuid_at(Instant::from_seconds(-1));
        assert_eq!(before_1970.get_version_num(), 7);
        let in_turn: Vec<[u8; 16]> = (0..300).map(|_| source.stream("trace").bytes_in_turn()).collect();
        assert!(in_turn.is_sorted());
    }

    #[test]
    fn draws_stay_between_their_bounds() {
        let mut stream = Randomness::from_seed(3).stream("lifetime");
        for _ in 0..1_000 {
            assert!((3_600..=5_400).contains(&stream.between(3_600, 5_400)));
        }
    }
}
