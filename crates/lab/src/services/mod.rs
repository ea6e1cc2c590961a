//! The four services: their origins and their lab surface.

mod event_stream;
mod origins;
mod surface;

pub use origins::{Origin, Origins};
pub use outlive_wire::lab_api::Service;
pub use outlive_wire::{ClockChange, ClockState, DueWork, JournalQuery};
pub use surface::{LabSurface, TenantSurface};
