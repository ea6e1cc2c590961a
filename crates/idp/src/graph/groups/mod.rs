//! Groups: security groups with users as members.

mod members;
mod read;
mod resource;
mod write;

pub(crate) use members::{add, count_members, list_members, list_user_members, remove_member};
pub(crate) use read::{count_groups, list, show};
pub(crate) use resource::{GROUP, resource};
pub(crate) use write::{create, remove, update};
