//! The four services: their origins and their lab surface.

mod event_stream;
mod origins;
mod phone_requests;
mod surface;

pub use origins::{Origin, Origins};
pub use outlive_wire::lab_api::Service;
pub use outlive_wire::{ClockChange, ClockState, DueWork, JournalQuery};
pub(crate) use phone_requests::{Registration, WaitingCeremony};
pub(crate) use surface::Replacement;
pub use surface::{LabSurface, TenantSurface};
