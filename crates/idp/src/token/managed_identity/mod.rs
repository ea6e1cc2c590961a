//! Tokens of managed identities. The platform authenticates the Azure resource, by a secret header
//! or by its network; nothing that a user does matters.

mod endpoint;
mod response;
mod selection;

pub(crate) use endpoint::{app_service_token, metadata_token};
