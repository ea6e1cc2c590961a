//! The types of Graph objects, each a table of its properties.

use serde_json::{Map, Value};

/// What a property is used for, beside `$select`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// Returned by default. If no property of a type is, all are.
    Shown,
    /// Returned by default of a deleted object.
    ShownIfDeleted,
    /// `$filter` may use it.
    Filterable,
    /// `$filter` may use this member of it.
    FilterableMember(&'static str),
}

pub(crate) type Property = (&'static str, &'static [Use]);

/// The type of a Graph object. [`entity_type!`] declares one.
pub(crate) struct EntityType {
    /// Its name (`microsoft.graph.user`).
    pub(crate) name: &'static str,
    /// Its collection (`users`).
    pub(crate) set: &'static str,
    pub(crate) properties: &'static [Property],
    /// Which properties are returned by default.
    pub(crate) default: Use,
    /// The only supported `$orderby`, which is the natural order.
    pub(crate) order: Option<&'static str>,
    pub(crate) beta: bool,
}

/// Declares the type of an object by the table of its properties, and a function that returns an
/// object with all of them.
macro_rules! entity_type {
    ($(#[$doc:meta])* $kind:ident = $name:literal in $set:literal $(ordered by $order:literal)?,
     $vis:vis fn $resource:ident($($object:ident: $type:ty),*) {
        $($property:literal $([$($use:expr),+])? => $value:expr,)+
    }) => {
        $(#[$doc])*
        pub(in crate::graph) const $kind: $crate::graph::odata::EntityType = $crate::graph::odata::EntityType {
            name: $name,
            set: $set,
            properties: &[$(($property, &[$($($use),+)?])),+],
            default: $crate::graph::odata::Use::Shown,
            order: [$(Some($order),)? None][0],
            beta: false,
        };

        /// Returns the object with all properties.
        $vis fn $resource($($object: $type),*) -> serde_json::Value {
            let mut members = serde_json::Map::new();
            $(members.insert($property.to_owned(), serde_json::json!($value));)+
            serde_json::Value::Object(members)
        }
    };
}
pub(in crate::graph) use entity_type;

impl EntityType {
    fn has_use(&self, wanted: impl Fn(&Property) -> bool) -> bool {
        self.properties.iter().any(wanted)
    }

    /// Returns whether a filter may use the property at this path.
    pub(super) fn is_filterable(&self, path: &str) -> bool {
        self.has_use(|(name, uses)| {
            uses.iter().any(|used| match used {
                Use::Filterable => *name == path,
                Use::FilterableMember(member) => path.split_once('/') == Some((*name, *member)),
                Use::Shown | Use::ShownIfDeleted => false,
            })
        })
    }

    pub(super) fn projected(&self, object: &Value, select: Option<&[String]>) -> Map<String, Value> {
        let has_default = self.has_use(|(_, uses)| uses.contains(&self.default));
        let is_shown = |member: &str| match select {
            Some(selected) => selected.iter().any(|selected| selected == member),
            None => {
                !has_default || self.has_use(|(name, uses)| *name == member && uses.contains(&self.default))
            }
        };
        let members = object.as_object().into_iter().flatten();
        members
            .filter(|(name, _)| is_shown(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }
}

/// Adds a property to those of another type.
pub(crate) const fn with_property<const N: usize>(
    property: Property,
    others: &'static [Property],
) -> [Property; N] {
    let mut all = [property; N];
    let mut at = 1;
    while at < N {
        all[at] = others[at - 1];
        at += 1;
    }
    all
}
