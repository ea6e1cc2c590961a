//! Runs scenarios against a lab, over HTTP only. Nothing is printed: results are returned, and an
//! [`Observer`] receives the progress.

pub(super) mod created;
pub(super) mod explain;
mod interrupt;
pub(super) mod lab_client;
mod observer;
mod parallel;
mod play;
pub(super) mod recorder;
mod snapshots;
mod step;
mod tenant_name;
mod twins;
pub(super) mod world;

pub use interrupt::{Interrupt, InterruptSwitch};
pub use lab_client::{LabClient, LabError};
pub use observer::{Observer, Silent};
pub use play::{RunOptions, broken_scenario, skipped_scenario};
pub use recorder::TimeObserver;
pub use step::panic_message;
pub use tenant_name::{repetition_name, tenant_names};
pub use twins::{TwinsResult, run_scenario, run_twins};
