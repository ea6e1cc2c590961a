//! A maker in a portal: connections of the hub and flows of the flow service, over their public
//! HTTP APIs and with the maker's own tokens.

mod connections;
mod connectors;
mod flows;
mod portal;

pub(crate) use connections::GROUP;
pub(crate) use flows::{FlowRun, NewFlow, RuntimeSource};
pub(crate) use portal::PORTAL_REDIRECT;
pub(crate) use portal::{Audience, Endpoints, Maker, MakerError, UserAccount};
