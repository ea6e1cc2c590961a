//! Events of runs, and the exchanges that they are the record of.

mod exchanges;
mod lines;
mod refusals;
mod silent_services;
