//! The orders.

mod create;
mod list;
mod new_order;
mod order;
mod paging;
mod read;
mod table;

pub(crate) use create::create;
pub(crate) use list::list;
pub(crate) use new_order::{check_quantity, check_text};
pub(crate) use order::{Order, OrderId};
pub(crate) use read::read;
pub(crate) use table::insert;
