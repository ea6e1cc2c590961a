//! The services that the catalogue of journal events names are those that record them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use outlive_wire::JournalEvent;

/// Every identifier of a directory's sources.
fn identifiers(directory: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).expect("the sources can be read") {
        let path = entry.expect("its entries too").path();
        if path.is_dir() {
            identifiers(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source is text");
            found.extend(text.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned));
        }
    }
}

#[test]
fn each_event_is_recorded_by_the_services_that_the_catalogue_names() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").join("crates");
    let mut wrong = Vec::new();
    for service in ["idp", "hub", "resource", "flow"] {
        let mut found = BTreeSet::new();
        identifiers(&crates.join(service).join("src"), &mut found);
        for event in JournalEvent::descriptions() {
            // The chassis records them for the services.
            let is_shared = matches!(event.kind, "tenant.created" | "service_client.replaced")
                || event.kind.starts_with("fault.");
            if !is_shared && found.contains(event.name) != event.services.contains(&service) {
                wrong.push(format!("{service}: {}", event.name));
            }
        }
    }
    assert!(wrong.is_empty(), "the catalogue and the sources disagree: {wrong:#?}");
}
