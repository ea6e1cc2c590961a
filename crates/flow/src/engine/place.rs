//! Where actions are in a run.

/// A frame of a run: the flow itself, or one iteration of a loop.
pub(crate) type FrameId = u32;

/// The frame of the flow itself.
pub(crate) const FLOW: FrameId = 0;

/// An action of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Spot {
    pub frame: FrameId,
    /// The place among the actions of the body.
    pub slot: usize,
}
