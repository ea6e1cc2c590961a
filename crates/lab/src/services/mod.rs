//! The four services as the lab sees them: where they are, and their lab surface.

mod event_stream;
mod origins;
mod surface;

pub use origins::{Origin, Origins, Service};
pub use surface::{ClockChange, ClockState, DueWork, JournalQuery, LabSurface, TenantSurface};
