//! The document: a format, and a content with its SHA-256, which does not depend on white space and
//! the order of members.

use std::collections::BTreeMap;

use outlive_clock::{Instant, Speed, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::error::{EXPORT_BYTES_MAX, ExportError, FORMAT};
use crate::seed::DrawnSecrets;
use crate::tenants::new_tenant::CreatedFrom;
use crate::tenants::snapshots::TableVersions;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    sha256: String,
    content: Value,
}

/// What an export contains: all secrets of the tenant, too, so that it has no `Debug`.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::tenants) struct Content {
    pub(in crate::tenants) tenant: TenantId,
    /// The program that wrote it.
    pub(in crate::tenants) program: String,
    /// When it was written (wall time).
    pub(in crate::tenants) exported: Instant,
    /// Virtual time.
    pub(in crate::tenants) now: Instant,
    pub(in crate::tenants) speed: Speed,
    pub(in crate::tenants) created_from: CreatedFrom,
    /// The seed that a reset uses, with the documents of its connectors.
    pub(in crate::tenants) seed: Option<String>,
    /// The secrets that a reset gives the tenant again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::tenants) first_secrets: Option<DrawnSecrets>,
    /// The versions of the tables, by part.
    pub(in crate::tenants) versions: BTreeMap<String, TableVersions>,
    /// The address of the orders API inside the installation, at which it receives events.
    pub(in crate::tenants) resource: String,
    /// What each service and the lab stored.
    pub(in crate::tenants) parts: BTreeMap<String, Box<RawValue>>,
}

impl Content {
    /// Returns the document, a single line.
    ///
    /// # Errors
    /// [`ExportError::TooLarge`].
    pub(super) fn document(&self) -> Result<String, ExportError> {
        // Plain data with text keys: serialization cannot fail.
        let content = serde_json::to_value(self).unwrap_or_default().to_string();
        let head = format!("{{\"format\":{},\"sha256\":\"{}\",\"content\":", json!(FORMAT), sha256(&content));
        let bytes = head.len() + content.len() + 2;
        if bytes > EXPORT_BYTES_MAX {
            return Err(ExportError::TooLarge(bytes));
        }
        Ok(format!("{head}{content}}}\n"))
    }
}

/// Returns the content of a document.
///
/// # Errors
/// A text that is no document, or whose content is not what was exported.
pub(in crate::tenants) fn open(text: &[u8]) -> Result<Content, ExportError> {
    let broken = |error: serde_json::Error| ExportError::NotAnExport(error.to_string());
    let document: Document = serde_json::from_slice(text).map_err(broken)?;
    if document.format != FORMAT {
        let format: String = document.format.chars().filter(|c| !c.is_control()).take(50).collect();
        return Err(ExportError::NotAnExport(format!("its format is '{format}'")));
    }
    let content = document.content.to_string();
    if sha256(&content) != document.sha256 {
        return Err(ExportError::Changed);
    }
    serde_json::from_str(&content).map_err(broken)
}

/// Returns the SHA-256 of a content, whose members are sorted.
fn sha256(content: &str) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(content))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content() -> Content {
        let part = RawValue::from_string(r#"{"secret":"ä 1.0"}"#.to_owned()).expect("JSON");
        Content {
            tenant: TenantId::from_uuid(uuid::Uuid::from_u128(1)),
            program: "0.1.0".to_owned(),
            exported: Instant::from_seconds(2),
            now: Instant::from_seconds(1),
            speed: Speed::FROZEN,
            created_from: CreatedFrom::default(),
            first_secrets: None,
            seed: Some("seed: x".to_owned()),
            versions: BTreeMap::from([("lab".to_owned(), vec![("lab".to_owned(), 14)])]),
            resource: "http://127.0.0.1:8703".to_owned(),
            parts: BTreeMap::from([("idp".to_owned(), part)]),
        }
    }

    #[test]
    fn a_document_is_read_as_it_was_written() {
        let document = content().document().expect("it is small");
        assert_eq!(document.lines().count(), 1);
        let opened = open(document.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(opened.document().expect("it is small"), document);
    }

    #[test]
    fn a_document_that_is_written_in_another_way_is_the_same() {
        let document = content().document().expect("it is small");
        let parsed: Value = serde_json::from_str(&document).expect("JSON");
        let pretty = serde_json::to_string_pretty(&parsed).expect("JSON").replace('ä', "\\u00e4");
        assert_ne!(pretty, document);
        let opened = open(pretty.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(opened.document().expect("it is small"), document);
    }

    #[test]
    fn a_document_that_was_changed_or_cut_is_rejected() {
        let document = content().document().expect("it is small");
        let changed = document.replace("ä 1.0", "ä 1.1");
        assert!(matches!(open(changed.as_bytes()), Err(ExportError::Changed)));
        for cut in 0..document.len() - 1 {
            assert!(matches!(open(&document.as_bytes()[..cut]), Err(ExportError::NotAnExport(_))), "{cut}");
        }
        for other in ["null", "[]", "{}", "\u{fffd}", &document.replace("tenant/1", "tenant/9")] {
            assert!(matches!(open(other.as_bytes()), Err(ExportError::NotAnExport(_))), "{other}");
        }
    }
}
