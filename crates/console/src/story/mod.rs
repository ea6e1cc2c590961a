//! The story (`/`): which credentials are alive and why, which flows run, and the levers.

mod drawing;
mod facts;
mod happened;
mod headline;
mod names;
mod sentence;
mod view;

pub(crate) use facts::StoryFacts;
pub(crate) use view::StoryPage;
