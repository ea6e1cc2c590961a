//! Instants, spans, a tenant's virtual clock, seeded randomness and typed ids.
//!
//! Two inputs from the outside world enter Outlive only here: the system's time ([`wall_now`]) and
//! the system's randomness ([`Randomness::from_system`]). `clippy.toml` bans the alternatives in
//! all other crates. Apart from these two, nothing here does I/O, and nothing is async.
//!
//! ```
//! use outlive_clock::{Instant, Span, Speed, VirtualClock};
//!
//! let noon = Instant::from_seconds(1_767_614_400);
//! let clock = VirtualClock::new(noon, noon, Speed::times(60));
//! let wall = noon + Span::from_minutes(1);
//! assert_eq!(clock.at(wall), noon + Span::from_hours(1));
//! ```

mod ids;
mod instant;
mod random;
mod span;
mod virtual_clock;
mod wall;

pub use ids::{ClientId, ConnectionId, FlowId, ServicePrincipalId, SessionId, TenantId, UserId};
pub use instant::{Instant, ParseInstantError};
pub use random::{Randomness, Stream};
pub use span::{ParseSpanError, Span};
pub use virtual_clock::{Speed, VirtualClock};
pub use wall::wall_now;

#[doc(hidden)]
pub use uuid as __uuid;
