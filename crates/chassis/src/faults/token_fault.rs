//! What is wrong with the tokens that the issuer issues for the current request.

use outlive_wire::faults::FaultEffect;

use super::check::changes_tokens;

tokio::task_local! {
    static EFFECT: FaultEffect;
}

/// Returns the fault of the tokens that are issued for the current request, if it met one.
#[must_use]
pub fn token_fault() -> Option<FaultEffect> {
    EFFECT.try_with(Clone::clone).ok()
}

/// Handles a request whose tokens have this fault, if it is one of tokens.
pub(super) async fn within<F: Future>(effect: &FaultEffect, handling: F) -> F::Output {
    if changes_tokens(effect) { EFFECT.scope(effect.clone(), handling).await } else { handling.await }
}
