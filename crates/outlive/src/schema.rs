//! `outlive schema`: prints the JSON Schemas, which are generated from the types.

use crate::cli::SchemaOf;
use crate::terminal::print;

/// Prints a JSON Schema.
pub(crate) fn print_schema(of: SchemaOf) {
    print(match of {
        SchemaOf::Scenario => include_str!("../../../docs/scenarios.schema.json"),
        SchemaOf::Seed => include_str!("../../../docs/seed.schema.json"),
        SchemaOf::Events => include_str!("../../../docs/events.schema.json"),
    });
}
