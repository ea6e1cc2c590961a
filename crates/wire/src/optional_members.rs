//! Schemas of structures with optional members from another structure (`#[serde(flatten)]` of an
//! `Option`).

use utoipa::openapi::schema::{AnyOfBuilder, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};

/// Corrects the schema of a structure with flattened members. If they are absent, derived schemas
/// demand that the whole is `null`; here it has them or not.
pub fn correct_optional_members(schema: &mut RefOr<Schema>) {
    let RefOr::T(Schema::AllOf(all)) = schema else { return };
    for part in &mut all.items {
        let RefOr::T(Schema::OneOf(either)) = part else { continue };
        let mut members = either.items.iter().filter(|item| matches!(item, RefOr::Ref(_)));
        if let (Some(members), None) = (members.next().cloned(), members.next()) {
            let absent = ObjectBuilder::new().schema_type(Type::Object);
            *part = RefOr::T(AnyOfBuilder::new().item(members).item(absent).build().into());
        }
    }
}
