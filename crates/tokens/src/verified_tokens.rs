//! The tokens whose signature was verified.

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, Options, OptionsBuilder, UnitWeighter};

/// Maximum number of tokens: those of very many connections.
const TOKENS_MAX: usize = 12_288;

/// The part for what was used repeatedly. A token is used a few times, each an hour after the last
/// one, and then expires. So the rest is large: a token has to stay in it until its second use,
/// while all others are used once.
const USED_REPEATEDLY: f64 = 0.1;

/// Values by the SHA-256 of a token.
pub(crate) struct VerifiedTokens<T>(Cache<[u8; 32], T>);

impl<T: Clone> VerifiedTokens<T> {
    #[expect(clippy::expect_used, reason = "constants")]
    pub(crate) fn new() -> Self {
        let mut options = OptionsBuilder::new();
        options.estimated_items_capacity(TOKENS_MAX).weight_capacity(TOKENS_MAX as u64);
        let options: Options = options.hot_allocation(USED_REPEATEDLY).build().expect("it has a capacity");
        let hashes = DefaultHashBuilder::default();
        Self(Cache::with_options(options, UnitWeighter, hashes, DefaultLifecycle::default()))
    }

    pub(crate) fn get(&self, token: &[u8; 32]) -> Option<T> {
        self.0.get(token)
    }

    pub(crate) fn insert(&self, token: [u8; 32], value: T) {
        self.0.insert(token, value);
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    /// 10,000 connections use a token each hour, the same one for two hours.
    #[test]
    fn a_token_is_known_at_its_second_use_after_those_of_all_others() {
        let tokens = VerifiedTokens::new();
        let mut known = 0;
        for hour in 0..8_u64 {
            for connection in 0..10_000_u64 {
                let number = (hour + connection % 2) / 2;
                let token = Sha256::digest(format!("{connection}/{number}")).into();
                match tokens.get(&token) {
                    Some(()) => known += 1,
                    None => tokens.insert(token, ()),
                }
            }
        }
        // Of every other connection the first token is used once, and so is the last one.
        assert!(known > 34_000, "{known} of 35,000");
    }
}
