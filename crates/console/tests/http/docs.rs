//! The documents as pages.

use std::collections::{HashMap, HashSet};

use http::StatusCode;

use crate::browser::Browser;
use crate::fake_lab::FakeLab;

/// A page without its query, and the fragment of the link; `None` if it leads out of the documents.
fn target(link: &str) -> Option<(&str, &str)> {
    let (address, fragment) = link.split_once('#').unwrap_or((link, ""));
    let path = address.split('?').next().unwrap_or(address);
    path.starts_with("/docs/").then_some((path, fragment))
}

#[tokio::test]
async fn every_link_between_documents_leads_to_a_heading_or_a_term() {
    let lab = FakeLab::default();
    let mut browser = Browser::at(&lab.serve().await);
    let first = browser.get("/docs").await;
    assert_eq!(first.texts("h1"), ["The console"]);
    let pages: Vec<_> = first.attributes(".doc-list a", "href");
    assert!(pages.len() > 10, "{pages:?}");
    let (mut ids, mut links) = (HashMap::new(), Vec::new());
    for page in &pages {
        let (path, _) = target(page).expect("a document");
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert_eq!(page.texts("h1").len(), 1, "{path}");
        assert!(!page.body.contains("style=\""), "{path}");
        let here = page.attributes(".doc [id]", "id");
        let distinct: HashSet<_> = here.iter().cloned().collect();
        assert_eq!(distinct.len(), here.len(), "{path}");
        ids.insert(path.to_owned(), distinct);
        let linked = page.attributes(".doc a[href]", "href").into_iter();
        links.extend(linked.map(|link| if link.starts_with('#') { format!("{path}{link}") } else { link }));
    }
    let mut checked = 0;
    for link in &links {
        assert!(target(link).is_some() || link.starts_with("https://"), "{link}");
        let Some((path, fragment)) = target(link) else { continue };
        assert!(fragment.is_empty() || ids[path].contains(fragment), "{link}");
        checked += 1;
    }
    assert!(checked > 100, "{checked}");
}

#[tokio::test]
async fn a_document_that_does_not_exist_is_a_missing_page() {
    let lab = FakeLab::default();
    let page = Browser::at(&lab.serve().await).get("/docs/nothing").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
}
