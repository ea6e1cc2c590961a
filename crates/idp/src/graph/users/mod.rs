//! Users.

mod beta;
mod create;
mod deleted;
mod member_of;
mod read;
mod remove;
mod resource;
mod update;

pub(crate) use beta::{me_in_beta, show_in_beta};
pub(crate) use create::create;
pub(crate) use deleted::{list_deleted, purge, restore, show_deleted};
pub(crate) use member_of::{cast_of_me, cast_of_user, of_me, of_user};
pub(crate) use read::{list, me, show};
pub(crate) use remove::remove;
pub(crate) use resource::{USER, resource};
pub(crate) use update::update;
