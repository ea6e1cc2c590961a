//! Signing keys.

use outlive_clock::Instant;

use super::example;
use crate::event::event;

event! {
    /// A signing key was replaced.
    SigningKeyRotated = "signing_key.rotated" {
        /// The number of the new key, from 0.
        number: i64,
    }
    notable |_| true,
    summary |event| format!("The signing key was rotated; key {} signs now.", event.number),
    example { number: 1 },
}

event! {
    /// Scheduled rotations of the signing key were missed while the system was down.
    SigningKeyRotationsMissed = "signing_key.rotations_missed" {
        /// How many.
        count: i64,
        /// The first that was missed (virtual time).
        #[schema(value_type = String)]
        first: Instant,
        /// The next that will take place (virtual time).
        #[schema(value_type = String)]
        next: Instant,
    }
    notable |_| true,
    summary |event| format!("{} rotations of the signing key were missed while the system was down; the next is at {}.", event.count, event.next),
    example { count: 3, first: example::instant(), next: example::later() },
}

event! {
    /// The rotation of the signing key was scheduled.
    SigningKeyScheduled = "signing_key.scheduled" {
        /// How often (ISO 8601).
        every: String,
    }
    notable |_| false,
    summary |event| format!("The signing key is rotated every {} from now on.", event.every),
    example { every: "P1D".to_owned() },
}
