//! The four services: their origins and their lab surface.

mod event_stream;
mod origins;
mod surface;

pub use origins::{Origin, Origins, Service};
pub use outlive_wire::{ClockChange, ClockState, DueWork};
pub use surface::{JournalQuery, LabSurface, TenantSurface};
