//! Groups: security groups with users as members.

mod members;
mod read;
mod resource;
mod write;

pub(crate) use members::{add, list_members, list_user_members, remove_member};
pub(crate) use read::{group, list, show};
pub(crate) use resource::{GROUP, resource};
pub(crate) use write::{create, remove, update};
