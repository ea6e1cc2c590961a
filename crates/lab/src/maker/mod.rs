//! A maker in a portal: connections of the hub and flows of the flow service, over their public
//! HTTP APIs and with the maker's own tokens.

mod connections;
mod flows;
mod portal;

pub use flows::{FlowRun, FlowRunProperties, NewFlow, RunAction, RunActionProperties, RunCorrelation};
pub(crate) use portal::PORTAL_REDIRECT;
pub use portal::{Audience, Endpoints, Maker, MakerError, UserAccount};
