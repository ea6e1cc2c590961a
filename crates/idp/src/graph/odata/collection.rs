//! Collections: pages of the objects that pass the filter, and counts (`$count`, "Advanced query
//! capabilities on Microsoft Entra ID objects").

use std::future::Future;

use axum::Router;
use axum::handler::Handler;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::{EntityType, Options, Page};
use crate::graph::caller::Caller;
use crate::graph::error::{Answer, Result};
use crate::idp::Idp;

/// Objects that are read and compared with a filter in one batch.
const COMPARED_AT_A_TIME: u32 = 500;

/// Routes of collections.
pub(crate) trait CollectionRoutes {
    /// Adds a collection that `list` reads, with its count at `{path}/$count`. `more` has the
    /// collection's other methods.
    fn collection<H, T>(self, path: &str, list: H, more: MethodRouter<Idp>) -> Self
    where
        H: Handler<T, Idp>,
        T: 'static;

    /// Adds a collection that can only be read.
    fn read_only<H, T>(self, path: &str, list: H) -> Self
    where
        Self: Sized,
        H: Handler<T, Idp>,
        T: 'static,
    {
        self.collection(path, list, MethodRouter::new())
    }
}

impl CollectionRoutes for Router<Idp> {
    fn collection<H, T>(self, path: &str, list: H, more: MethodRouter<Idp>) -> Self
    where
        H: Handler<T, Idp>,
        T: 'static,
    {
        self.route(&format!("{path}/$count"), get(list.clone())).route(path, more.get(list))
    }
}

/// Returns a page of the collection that `read` reads, or its count if that is requested.
///
/// The page includes the total count if `$count=true` is requested and the caller accepts eventual
/// consistency; without that header, the option has no effect.
pub(crate) async fn collection<F>(
    caller: &Caller,
    kind: &'static EntityType,
    read: impl Fn(Options) -> F + Sync,
) -> Answer
where
    F: Future<Output = Result<Page>> + Send,
{
    if caller.counts() {
        caller.check_eventual()?;
        let options = caller.countable_options(kind)?;
        return Ok(number(count_objects(&options, &read).await?));
    }
    let options = caller.countable_options(kind)?;
    let found = full_page(&options, &read).await?;
    let count =
        if options.count && caller.eventual { Some(count_objects(&options, &read).await?) } else { None };
    Ok(options.envelope(caller, found, count))
}

/// Returns a collection that always fits one page.
pub(crate) fn whole_collection(
    caller: &Caller,
    kind: &'static EntityType,
    objects: impl Iterator<Item = Value>,
) -> Answer {
    let options = caller.countable_options(kind)?;
    let page = options.filtered(objects, None);
    let length = page.objects.len();
    if caller.counts() {
        return count_response(caller, length);
    }
    Ok(options.envelope(caller, page, (options.count && caller.eventual).then_some(length)))
}

/// `…/$count`: the number of objects as text.
pub(crate) fn count_response(caller: &Caller, objects: usize) -> Answer {
    caller.check_eventual()?;
    Ok(number(objects))
}

fn number(objects: usize) -> Response {
    (StatusCode::OK, [(CONTENT_TYPE, "text/plain; charset=utf-8")], objects.to_string()).into_response()
}

/// Returns a page, filled if enough objects pass the filter. `read` returns the passing objects
/// among the next [`Options::top`].
async fn full_page<F>(options: &Options, read: impl Fn(Options) -> F) -> Result<Page>
where
    F: Future<Output = Result<Page>>,
{
    if options.filter.is_empty() {
        return read(options.clone()).await;
    }
    let mut objects: Vec<Value> = Vec::new();
    let mut after = options.after.clone();
    let mut at_a_time = COMPARED_AT_A_TIME;
    loop {
        let wanted = options.top - u32::try_from(objects.len()).unwrap_or(options.top);
        if wanted == 0 {
            return Ok(Page { objects, more_after: Some(after) });
        }
        let top = wanted.max(at_a_time);
        let found = read(Options { top, after: after.clone(), ..options.clone() }).await?;
        if found.objects.len() > wanted as usize {
            // The position after the page's last object is only known if no further object is
            // compared.
            at_a_time = 0;
            continue;
        }
        objects.extend(found.objects);
        match found.more_after {
            Some(more_after) => after = more_after,
            None => return Ok(Page { objects, more_after: None }),
        }
    }
}

async fn count_objects<F>(options: &Options, read: impl Fn(Options) -> F) -> Result<usize>
where
    F: Future<Output = Result<Page>>,
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
