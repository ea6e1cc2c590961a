//! The part of OData 4 that Graph's callers rely on: `$select`, `$filter`, `$top`, `$count`, pages
//! by `$skiptoken`, and the envelopes.

mod collection;
mod envelope;
mod filter;
mod options;

pub(crate) use collection::{CollectionRoutes, collection, counted, whole_collection};
use envelope::page_with_count;
pub(crate) use envelope::{EntityType, context, entity, entity_in_beta, page};
pub(crate) use filter::Filter;
pub(crate) use options::{Options, Page};
