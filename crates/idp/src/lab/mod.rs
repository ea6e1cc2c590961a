//! The lab surface: events, policies, questions about credentials, and checks of tenant specs.

pub(crate) mod directory;
pub(crate) mod events;
pub(crate) mod faults;
pub(crate) mod forge;
pub(crate) mod generations;
pub(crate) mod identity_endpoints;
pub(crate) mod moved_origin;
pub(crate) mod outbox;
pub(crate) mod phone_requests;
pub(crate) mod policies;
pub(crate) mod question;
pub(crate) mod registration;
