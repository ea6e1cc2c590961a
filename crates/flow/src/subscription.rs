//! Subscriptions of webhook triggers: decisions over plain values. "How do webhooks work?":
//! Microsoft Learn, *Subscribe and wait for events to run workflows using HTTP webhooks*.

use std::str::FromStr;

use outlive_clock::Stream;
use outlive_clock::{Instant, Span};

use crate::engine::{Failure, Outcome};
use crate::retry::{RetryPolicy, RetryProfile, is_retried};

/// How far a subscription is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SubscriptionState {
    /// The call that subscribes has to be made.
    Subscribing,
    Subscribed,
    /// The service refused it. It is tried again when the flow is saved or turned on.
    Failed,
    /// The call that ends it has to be made.
    Unsubscribing,
}

impl SubscriptionState {
    const ALL: [Self; 4] = [Self::Subscribing, Self::Subscribed, Self::Failed, Self::Unsubscribing];

    /// Returns the name in the database.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Subscribing => "subscribing",
            Self::Subscribed => "subscribed",
            Self::Failed => "failed",
            Self::Unsubscribing => "unsubscribing",
        }
    }

    /// Returns the published name (`provisioningState` of a trigger).
    pub(crate) const fn provisioning_state(self) -> &'static str {
        match self {
            Self::Subscribing => "Registering",
            Self::Subscribed => "Registered",
            Self::Failed => "Failed",
            Self::Unsubscribing => "Unregistering",
        }
    }
}

impl FromStr for SubscriptionState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let state = Self::ALL.into_iter().find(|state| state.name() == text);
        state.ok_or_else(|| format!("there is no state '{text}' of a subscription"))
    }
}

/// What the outcome of a call changes for a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Concluded {
    Subscribed,
    /// The call is repeated after this time.
    Again(Failure, Span),
    /// The service does not accept the subscription.
    Refused(Failure),
    /// There is nothing more to do, also if the call that ends the subscription failed.
    Ended(Option<Failure>),
}

impl Concluded {
    pub(crate) const fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Again(failure, _) | Self::Refused(failure) | Self::Ended(Some(failure)) => Some(failure),
            Self::Subscribed | Self::Ended(None) => None,
        }
    }

    /// Returns when the call is repeated.
    pub(crate) fn due(&self, now: Instant) -> Option<Instant> {
        match self {
            Self::Again(_, wait) => Some(now + *wait),
            _ => None,
        }
    }
}

/// Decides what the outcome of a call changes. `retries` have been made before.
pub(crate) fn conclude(
    state: SubscriptionState,
    outcome: Outcome,
    retries: u32,
    (policy, profile): (&RetryPolicy, RetryProfile),
    draw: &mut Stream,
) -> Concluded {
    let is_ending = state == SubscriptionState::Unsubscribing;
    let Some(failure) = outcome.failure else {
        return if is_ending { Concluded::Ended(None) } else { Concluded::Subscribed };
    };
    let may_pass = outcome.status.is_some_and(is_retried);
    match if may_pass { policy.wait(retries + 1, profile, draw) } else { None } {
        Some(wait) => Concluded::Again(failure, wait),
        // What does not exist any more has ended.
        None if is_ending && matches!(outcome.status, Some(404 | 410)) => Concluded::Ended(None),
        None if is_ending => Concluded::Ended(Some(failure)),
        None => Concluded::Refused(failure),
    }
}

#[cfg(test)]
mod tests {
    use outlive_clock::Randomness;

    use super::*;

    #[test]
    fn a_call_is_repeated_as_its_policy_says_and_only_if_it_may_pass() {
        use SubscriptionState::{Subscribing, Unsubscribing};
        let failure = || Failure::new("X", "why");
        let policy = RetryPolicy::Fixed { count: 2, interval: Span::from_minutes(1) };
        let again = || Concluded::Again(failure(), Span::from_minutes(1));
        let rows = [
            (Subscribing, Some(201), 0, Concluded::Subscribed),
            (Subscribing, Some(503), 0, again()),
            (Subscribing, Some(429), 1, again()),
            (Subscribing, Some(503), 2, Concluded::Refused(failure())),
            (Subscribing, Some(401), 0, Concluded::Refused(failure())),
            (Subscribing, Some(404), 0, Concluded::Refused(failure())),
            (Subscribing, None, 0, Concluded::Refused(failure())),
            (Unsubscribing, Some(204), 0, Concluded::Ended(None)),
            (Unsubscribing, Some(404), 0, Concluded::Ended(None)),
            (Unsubscribing, Some(410), 0, Concluded::Ended(None)),
            (Unsubscribing, Some(502), 1, again()),
            (Unsubscribing, Some(502), 2, Concluded::Ended(Some(failure()))),
            (Unsubscribing, Some(401), 0, Concluded::Ended(Some(failure()))),
        ];
        for (state, status, retries, expected) in rows {
            let failed = status.is_none_or(|status| status >= 300);
            let outcome = Outcome { status, outputs: None, failure: failed.then(failure) };
            let mut draw = Randomness::from_seed(1).stream("retry");
            let found = conclude(state, outcome, retries, (&policy, RetryProfile::default()), &mut draw);
            assert_eq!(found, expected, "{state:?} {status:?} {retries}");
        }
    }
}
