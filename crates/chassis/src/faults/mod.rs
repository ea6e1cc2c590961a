//! Faults: what goes wrong for a tenant, on purpose. Every request of a service passes
//! [`around`](around::around) before its handler; tokens are changed where the issuer mints them
//! ([`token_fault`]).

pub(crate) mod around;
pub(crate) mod check;
mod connection;
pub(crate) mod decide;
mod delay;
mod effect;
mod endpoint;
mod endpoints;
pub(crate) mod known;
mod request;
mod revisions;
pub(crate) mod table;
mod token_fault;
mod waiting;

pub use self::check::{FaultAbilities, fault_mistake, scheduled};
pub use self::connection::NamedConnection;
pub use self::delay::came_too_late;
pub(crate) use self::delay::{OUTLIVE_DELAY, VIRTUAL};
pub(crate) use self::effect::Unsent;
pub use self::endpoint::Endpoint;
pub use self::endpoints::endpoints_of;
pub(crate) use self::revisions::FaultRevisions;
pub use self::token_fault::token_fault;
