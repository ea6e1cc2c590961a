//! Playing scenarios against a lab, by HTTP only. Nothing is printed here: what happens goes into results, and an observer may
//! watch.

mod connections;
mod expectations;
mod journal;
mod lab_client;
mod play;
mod requests;
mod telling;
mod time;
mod twins;
mod users;
mod world;

pub use lab_client::{LabClient, LabError};
pub use play::{Observer, RunOptions, Silent, broken_scenario, panic_message, run_scenario};
pub use twins::{TwinsResult, run_twins};
