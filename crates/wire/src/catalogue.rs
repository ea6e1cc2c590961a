//! All kinds of events, for the documents that are generated from them.

use serde_json::{Value, json};
use utoipa::openapi::{RefOr, Schema};

use crate::{EventPayload, correct_optional_members};

/// What is documented about one kind of event.
#[derive(Clone)]
pub struct EventDescription {
    /// The kind (`"token.issued"`).
    pub kind: &'static str,
    /// The name of its type (`"TokenIssued"`).
    pub name: &'static str,
    /// The services that record it.
    pub services: &'static [&'static str],
    /// When they do.
    pub when: &'static str,
    /// The schema of its payload, as JSON Schema of the dialect of OpenAPI 3.1.
    pub schema: RefOr<Schema>,
    /// The schemas that it refers to (`#/components/schemas/…`), by name.
    pub references: Vec<(String, RefOr<Schema>)>,
    /// A payload as it could occur.
    pub example: Value,
    /// What happened in the example.
    pub summary: String,
    /// Whether the example is notable.
    pub is_notable: bool,
}

impl EventDescription {
    pub(crate) fn of<E: EventPayload>(name: &'static str, services: &'static [&'static str]) -> Self {
        let example = E::example();
        let mut references = Vec::new();
        E::schemas(&mut references);
        let mut schema = E::schema();
        correct_optional_members(&mut schema);
        Self {
            kind: E::KIND,
            name,
            services,
            when: E::WHEN.trim(),
            schema,
            references,
            summary: example.summary(),
            is_notable: example.is_notable(),
            example: serde_json::to_value(example)
                .unwrap_or_else(|error| json!({"error": error.to_string()})),
        }
    }
}
