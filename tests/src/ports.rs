//! Ports for a private system.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// Offsets of a system's ports from its port base: the console, the four services, the issuer over
/// TLS, the resource over TLS.
const OFFSETS: [u16; 7] = [0, 1, 2, 3, 4, 43, 44];
const FIRST: u16 = 10_000;
const STRIDE: u16 = 50;
const BLOCKS: u16 = 190;
/// With this variable, one of two groups of test programs that run at a time has each second block:
/// a system keeps its ports while it restarts.
const SLOT: &str = "OUTLIVE_TEST_SLOT";

/// Returns a port base whose ports are free at present. Each call returns another block. Another
/// program can take a port before the system binds it; the caller then retries with a new base.
///
/// # Panics
/// When no block is free.
#[must_use]
pub fn free_base() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let slot = std::env::var(SLOT).ok().and_then(|slot| slot.parse::<u16>().ok());
    // Test programs that run side by side begin at different places.
    let start = (std::process::id() % u32::from(BLOCKS)) as u16;
    (0..BLOCKS)
        .map(|_| start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % BLOCKS)
        .filter(|block| slot.is_none_or(|slot| block % 2 == slot % 2))
        .map(|block| FIRST + block * STRIDE)
        .find(|base| OFFSETS.iter().all(|offset| TcpListener::bind(("127.0.0.1", base + offset)).is_ok()))
        .unwrap_or_else(|| {
            panic!("no {STRIDE} ports in a row are free between {FIRST} and {}", FIRST + BLOCKS * STRIDE)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_makes_its_whole_block_taken() {
        let base = free_base();
        let _held = TcpListener::bind(("127.0.0.1", base + 3)).unwrap();
        for _ in 0..BLOCKS {
            assert_ne!(free_base(), base);
        }
    }
}
