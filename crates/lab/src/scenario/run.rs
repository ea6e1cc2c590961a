//! Runs scenarios against a lab, over HTTP only. Nothing is printed: results are returned, and an
//! [`Observer`] receives the progress.

mod connections;
mod expectations;
mod journal;
mod lab_client;
mod play;
mod recorder;
mod requests;
mod time;
mod twins;
mod users;
mod world;

pub use lab_client::{LabClient, LabError};
pub use play::{Observer, RunOptions, Silent, broken_scenario, panic_message, run_scenario};
pub use twins::{TwinsResult, run_twins};
