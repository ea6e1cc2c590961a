//! The texts from which a seed was read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The name and text of a file, and the documents that it names, by path.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Source {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) documents: BTreeMap<String, String>,
}
