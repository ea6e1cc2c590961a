//! The ground everything else stands on: instants, spans, a tenant's virtual clock, seeded randomness, typed ids.
//!
//! Two things of the outside world enter Outlive here and nowhere else: the system's time ([`wall_now`]) and the
//! system's randomness ([`Randomness::from_system`]). `clippy.toml` bans the alternatives everywhere.
//!
//! Nothing here does I/O beyond those two, and nothing is async.

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
