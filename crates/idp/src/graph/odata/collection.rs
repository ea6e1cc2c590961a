//! Collections that can be counted (`$count`, "Advanced query capabilities on Microsoft Entra ID
//! objects").

use std::future::Future;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;

use super::{EntityType, Options, Page, page_with_count};
use crate::graph::caller::Caller;
use crate::graph::error::GraphError;

/// A page of a collection that `read` reads. The number of all its objects is there if
/// `$count=true` asks for it and the caller accepts eventual consistency; without that header the
/// option has no effect.
pub(crate) async fn collection<F>(
    caller: &Caller,
    kind: &EntityType,
    read: impl Fn(Options) -> F + Send + Sync,
) -> Result<Response, GraphError>
where
    F: Future<Output = Result<Page, GraphError>> + Send,
{
    let options = caller.countable_options(kind)?;
    let found = read(options.clone()).await?;
    let count =
        if options.count && caller.eventual { Some(count_objects(&options, &read).await?) } else { None };
    Ok(page_with_count(caller, kind, &options, found, count))
}

/// `…/$count`: the number of objects that pass the filter, as text.
pub(crate) async fn count<F>(
    caller: &Caller,
    kind: &EntityType,
    read: impl Fn(Options) -> F + Send + Sync,
) -> Result<Response, GraphError>
where
    F: Future<Output = Result<Page, GraphError>> + Send,
{
    if !caller.eventual {
        // As a capture of 2025-12 has it.
        return Err(GraphError::unsupported_query(
            "Raw count (/$count) is not supported because the 'ConsistencyLevel:eventual' header is missing. Refer to \
             https://aka.ms/graph-docs/advanced-queries for more information",
        ));
    }
    let number = count_objects(&caller.countable_options(kind)?, &read).await?;
    Ok((StatusCode::OK, [(CONTENT_TYPE, "text/plain; charset=utf-8")], number.to_string()).into_response())
}

async fn count_objects<F>(
    options: &Options,
    read: &(impl Fn(Options) -> F + Send + Sync),
) -> Result<usize, GraphError>
where
    F: Future<Output = Result<Page, GraphError>> + Send,
{
    let mut options = options.for_counting();
    let mut number = 0;
    loop {
        let page = read(options.clone()).await?;
        number += page.objects.len();
        match page.more_after {
            Some(after) => options.after = after,
            None => return Ok(number),
        }
    }
}
