//! Lessons: predict, act, see. A lesson works on a tenant of its own; its state is in the URL.

mod content;
mod observe;
mod pages;
mod plan;
mod run;
mod state;
mod successors;
mod words;

pub(crate) use pages::{list, show, teacher};
pub(crate) use run::{act, begin, end};
pub(crate) use successors::Successors;
