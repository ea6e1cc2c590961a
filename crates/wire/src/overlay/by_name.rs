//! Items with names, as an object by name or as a list.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, OneOfBuilder, Schema};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

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
                let message = format_args!("the {} of '{key}' is '{name}'; leave it out", T::MEMBER);
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
    let by_name =
        ObjectBuilder::new().additional_properties(Some(Ref::from_schema_name(<T as ToSchema>::name())));
    let list = ArrayBuilder::new().items(Ref::from_schema_name(Listed::<T>::name()));
    RefOr::T(OneOfBuilder::new().item(by_name).item(list).build().into())
}

/// The schema of an item of a list, which needs its name. It has all members itself: a schema that
/// adds `required` to a reference is too difficult for generators of requests.
#[derive(Debug)]
pub struct Listed<T>(PhantomData<T>);

impl<T: Named + ToSchema> PartialSchema for Listed<T> {
    fn schema() -> RefOr<Schema> {
        let mut schema = T::schema();
        if let RefOr::T(Schema::Object(item)) = &mut schema {
            item.required.push(T::MEMBER.to_owned());
        }
        schema
    }
}

impl<T: Named + ToSchema> ToSchema for Listed<T> {
    fn name() -> Cow<'static, str> {
        format!("Listed{}", <T as ToSchema>::name()).into()
    }
}
