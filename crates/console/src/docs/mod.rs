//! `/docs`: the documents of `docs/` as pages, so that a running system explains itself.

mod document;
mod markdown;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Uri};

use self::document::{DOCUMENTS, Document};
use crate::error::{self, ErrorPage, missing};
use crate::frame::{Frame, Section};
use crate::pages::{Choice, chosen};
use crate::state::Console;

#[derive(Template)]
#[template(path = "docs.html")]
struct DocumentPage {
    frame: Frame,
    title: &'static str,
    /// Name and title of every document, and whether it is this one.
    documents: Vec<(&'static str, &'static str, bool)>,
    html: String,
}

/// `GET /docs`: the first document.
pub(crate) async fn first(
    console: State<Console>,
    choice: Query<Choice>,
    headers: HeaderMap,
) -> Result<Response, ErrorPage> {
    page(&console, choice, &headers, &DOCUMENTS[0]).await
}

/// `GET /docs/NAME`: a document.
pub(crate) async fn show(
    console: State<Console>,
    Path(name): Path<String>,
    choice: Query<Choice>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ErrorPage> {
    match Document::named(&name) {
        Some(document) => page(&console, choice, &headers, document).await,
        None => Ok(missing(uri, headers).await),
    }
}

async fn page(
    console: &Console,
    Query(choice): Query<Choice>,
    headers: &HeaderMap,
    document: &Document,
) -> Result<Response, ErrorPage> {
    let tenant = match chosen(console, choice).await? {
        Ok(tenant) => tenant,
        Err(list) => return Ok(list),
    };
    let frame = Frame::read(console, headers, Section::Docs, tenant).await?;
    let html = markdown::html(document.text, |link| {
        document::page_of(link).map(|(name, fragment)| format!("/docs/{name}?tenant={tenant}{fragment}"))
    });
    let documents = DOCUMENTS.iter().map(|one| (one.name, one.title(), one.name == document.name)).collect();
    let page = DocumentPage { frame, title: document.title(), documents, html };
    Ok(page.frame.respond(error::show(&page)).into_response())
}
