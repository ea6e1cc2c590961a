//! The supported part of OData 4: `$select`, `$filter`, `$top`, `$count`, paging by `$skiptoken`,
//! and envelopes.

mod collection;
mod entity_type;
mod envelope;
mod filter;
mod options;

pub(crate) use collection::{CollectionRoutes, collection, count_response, whole_collection};
pub(super) use entity_type::entity_type;
pub(crate) use entity_type::{EntityType, Property, Use, with_property};
pub(crate) use envelope::{context, plain_collection, plain_entity};
pub(crate) use filter::Filter;
pub(crate) use options::{Options, Page};
