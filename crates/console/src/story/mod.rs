//! The story (`/`): which credentials are alive and why, which flows run, and the levers.

mod drawing;
mod facts;
mod happened;
mod headline;
pub(crate) mod names;
mod present;
mod sentence;
mod view;

pub(crate) use drawing::image as story_drawing;
pub(crate) use facts::StoryFacts;
pub(crate) use present::StoryPresentation;
pub(crate) use sentence::{Part, first_sentence};
pub(crate) use view::{Row, StoryPage, row, rows};
