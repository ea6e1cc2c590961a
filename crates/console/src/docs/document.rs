//! The documents that the program contains.

/// A document in Markdown.
pub(super) struct Document {
    /// Its name in the path, which is that of its file.
    pub(super) name: &'static str,
    pub(super) text: &'static str,
}

macro_rules! documents {
    ($($name:literal),+ $(,)?) => {
        [$(Document { name: $name, text: include_str!(concat!("../../../../docs/", $name, ".md")) }),+]
    };
}

/// The documents for people who use Outlive, in the order of the book.
pub(super) static DOCUMENTS: [Document; 17] = documents![
    "console",
    "sdk",
    "scenarios",
    "drop-in",
    "connectors",
    "identity-providers",
    "connections",
    "faults",
    "logging",
    "matrix",
    "flows",
    "expressions",
    "replay",
    "errors",
    "events",
    "parity",
    "glossary",
];

impl Document {
    /// Returns the document of that name.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        DOCUMENTS.iter().find(|document| document.name == name)
    }

    /// The first heading.
    pub(super) fn title(&self) -> &'static str {
        self.text.lines().next().unwrap_or_default().trim_start_matches("# ")
    }
}

/// Returns the name of the document and the fragment (with `#`) to which a link of a document
/// leads, or `None` if it leads to a file that the program does not contain.
pub(super) fn page_of(link: &str) -> Option<(&'static str, &str)> {
    let (file, fragment) = match link.find('#') {
        Some(at) => link.split_at(at),
        None => (link, ""),
    };
    let document = Document::named(file.strip_suffix(".md")?)?;
    Some((document.name, fragment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_for_users_in_the_book_is_a_page() {
        let summary = include_str!("../../../../docs/SUMMARY.md");
        let using = summary.split("# Using Outlive").nth(1).expect("the part for users");
        let using = using.split("# Working on Outlive").next().expect("the end of the part");
        let in_book: Vec<_> = using
            .lines()
            .filter_map(|line| line.strip_prefix("- [")?.split_once("](")?.1.strip_suffix(".md)"))
            .filter(|name| *name != "changelog")
            .collect();
        assert_eq!(DOCUMENTS.iter().map(|document| document.name).collect::<Vec<_>>(), in_book);
    }

    #[test]
    fn links_between_documents_lead_to_pages_and_others_to_none() {
        for (link, expected) in [
            ("glossary.md", Some(("glossary", ""))),
            ("parity.md#the-hub", Some(("parity", "#the-hub"))),
            ("../ARCHITECTURE.md#due", None),
            ("performance.md", None),
            ("events.schema.json", None),
            ("", None),
        ] {
            assert_eq!(page_of(link), expected, "{link}");
        }
    }

    #[test]
    fn every_document_begins_with_its_title() {
        for document in &DOCUMENTS {
            assert!(document.text.starts_with("# "), "{}", document.name);
        }
    }
}
