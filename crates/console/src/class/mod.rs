//! Classes: the teacher's overview (`/class`), and the page where a seat is taken (`/join`).

mod actions;
mod calls;
mod join;
mod overview;
mod taken_seat;
mod tally;

pub(crate) use actions::{change, open};
pub(crate) use join::{join, show_join};
pub(crate) use overview::{list, results, show_class};
pub(crate) use taken_seat::{LessonStep, report, seat_of};
