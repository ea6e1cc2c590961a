//! Limits the guessing of user codes (RFC 8628, section 5.1).
//!
//! A wrong code belongs to no tenant and so to no tenant's clock: the limit uses wall time,
//! separately in each process.

use std::collections::HashMap;
use std::net::IpAddr;

use outlive_clock::{Instant, Span};
use parking_lot::Mutex;

/// Wrong codes that an address may enter within [`WINDOW`]. RFC 8628 requires a limit but no
/// number; with 45 bits in a code, this one is sufficient and allows for a school behind one
/// address.
const GUESSES_MAX: usize = 100;
const WINDOW: Span = Span::from_minutes(10);

/// Addresses with a counter. Beyond it, those with the fewest wrong codes are dropped.
const ADDRESSES_MAX: usize = 4_096;

/// Times of the wrong codes, by address.
#[derive(Debug, Default)]
pub(crate) struct UserCodeGuesses(Mutex<HashMap<IpAddr, Vec<Instant>>>);

impl UserCodeGuesses {
    /// Returns whether an address has reached the limit, beyond which even a correct code is
    /// rejected.
    pub(crate) fn are_too_many(&self, address: IpAddr, now: Instant) -> bool {
        let mut all = self.0.lock();
        let Some(guesses) = all.get_mut(&address) else { return false };
        guesses.retain(|at| *at + WINDOW > now);
        guesses.len() >= GUESSES_MAX
    }

    /// Counts a wrong code.
    pub(crate) fn note(&self, address: IpAddr, now: Instant) {
        let mut all = self.0.lock();
        if all.len() >= ADDRESSES_MAX && !all.contains_key(&address) {
            all.retain(|_, guesses| guesses.last().is_some_and(|at| *at + WINDOW > now));
            let fewest = all.iter().min_by_key(|(_, guesses)| guesses.len()).map(|(address, _)| *address);
            if let Some(fewest) = fewest.filter(|_| all.len() >= ADDRESSES_MAX) {
                all.remove(&fewest);
            }
        }
        let guesses = all.entry(address).or_default();
        if guesses.len() < GUESSES_MAX {
            guesses.push(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const NOW: Instant = Instant::from_seconds(1_000_000);

    fn address(number: u32) -> IpAddr {
        Ipv4Addr::from_bits(number).into()
    }

    #[test]
    fn an_address_guesses_a_hundred_times_in_ten_minutes() {
        let guesses = UserCodeGuesses::default();
        for _ in 0..GUESSES_MAX {
            assert!(!guesses.are_too_many(address(1), NOW));
            guesses.note(address(1), NOW);
        }
        assert!(guesses.are_too_many(address(1), NOW));
        assert!(!guesses.are_too_many(address(2), NOW), "another address may go on");
        assert!(guesses.are_too_many(address(1), NOW + WINDOW - Span::from_micros(1)));
        assert!(!guesses.are_too_many(address(1), NOW + WINDOW));
    }

    #[test]
    fn the_number_of_addresses_is_bounded() {
        let guesses = UserCodeGuesses::default();
        for _ in 0..GUESSES_MAX {
            guesses.note(address(0), NOW);
        }
        for number in 1..10_000 {
            guesses.note(address(number), NOW);
        }
        assert!(guesses.0.lock().len() <= ADDRESSES_MAX);
        assert!(guesses.are_too_many(address(0), NOW), "the one that guessed most is not forgotten");
    }
}
