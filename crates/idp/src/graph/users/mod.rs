//! Users: the objects themselves.

mod beta;
mod create;
mod deleted;
mod memberships;
mod read;
mod remove;
mod resource;
mod update;

pub(crate) use beta::{me_in_beta, show_in_beta};
pub(crate) use create::create;
pub(crate) use deleted::{list_deleted, purge, restore, show_deleted};
pub(crate) use memberships::{member_objects, my_member_objects};
pub(crate) use read::{list, me, show};
pub(crate) use remove::remove;
pub(crate) use update::update;
