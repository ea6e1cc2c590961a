//! What a maker does in a portal: connections in the hub, flows in the flow service, both over their public HTTP surface and
//! with tokens of the maker's own.

mod connections;
mod flows;
mod portal;

pub use flows::{FlowRun, FlowRunProperties, NewFlow, RunAction, RunActionProperties, RunCorrelation};
pub(crate) use portal::PORTAL_REDIRECT;
pub use portal::{Audience, Maker, MakerError, Person, Places};
