//! Runs scenarios against a lab, over HTTP only. Nothing is printed: results are returned, and an
//! [`Observer`] receives the progress.

pub(super) mod created;
pub(super) mod explain;
pub(super) mod lab_client;
mod play;
pub(super) mod recorder;
mod twins;
pub(super) mod world;

pub use lab_client::{LabClient, LabError};
pub use play::{Observer, RunOptions, Silent, broken_scenario, panic_message, skipped_scenario};
pub use recorder::TimeObserver;
pub use twins::{TwinsResult, run_scenario, run_twins};
