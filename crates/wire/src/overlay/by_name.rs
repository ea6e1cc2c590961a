//! Items with names, as an object by name or as a list.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use utoipa::ToSchema;
use utoipa::openapi::schema::{AllOfBuilder, ArrayBuilder, ObjectBuilder, OneOfBuilder, Schema};
use utoipa::openapi::{Ref, RefOr};

/// An item with a name.
pub(super) trait Named {
    /// The member with the name.
    const MEMBER: &'static str;
    /// What the items are.
    const WHAT: &'static str;

    fn name(&mut self) -> &mut String;
}

/// Reads items in the order in which they are given.
pub(super) fn by_name<'de, D: Deserializer<'de>, T: Named + Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    deserializer.deserialize_any(ItemsVisitor(PhantomData))
}

struct ItemsVisitor<T>(PhantomData<T>);

impl<'de, T: Named + Deserialize<'de>> Visitor<'de> for ItemsVisitor<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {}, or a list of them", T::WHAT, T::MEMBER)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<T>, A::Error> {
        let mut items = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            let mut item: T = map.next_value()?;
            let name = item.name();
            if !name.is_empty() && *name != key {
                let message = format_args!("the {} of '{key}' is '{name}': leave it out", T::MEMBER);
                return Err(A::Error::custom(message));
            }
            *name = key;
            items.push(item);
        }
        Ok(items)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut items = Vec::new();
        while let Some(mut item) = list.next_element::<T>()? {
            if item.name().is_empty() {
                return Err(A::Error::missing_field(T::MEMBER));
            }
            items.push(item);
        }
        Ok(items)
    }
}

/// Describes items by name or as a list.
pub(super) fn schema_by_name<T: Named + ToSchema>() -> RefOr<Schema> {
    let item = || Ref::from_schema_name(<T as ToSchema>::name());
    let by_name = ObjectBuilder::new().additional_properties(Some(item()));
    // In a list, each item has its name.
    let named = AllOfBuilder::new().item(item()).item(ObjectBuilder::new().required(T::MEMBER));
    let either = OneOfBuilder::new().item(by_name).item(ArrayBuilder::new().items(named));
    RefOr::T(either.build().into())
}
