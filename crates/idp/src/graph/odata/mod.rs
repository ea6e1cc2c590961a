//! The supported part of OData 4: `$select`, `$filter`, `$top`, `$count`, paging by `$skiptoken`,
//! and envelopes.

mod collection;
mod envelope;
mod filter;
mod options;

pub(crate) use collection::{CollectionRoutes, collection, count_response, whole_collection};
use envelope::page_with_count;
pub(crate) use envelope::{EntityType, context, entity, entity_in_beta, page};
pub(crate) use filter::Filter;
pub(crate) use options::{Options, Page};
