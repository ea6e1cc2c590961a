//! The order of the members of scenario and seed files.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::file_kind::FileKind;

/// The members of each type in their order, each with the types that its value can have. Generated
/// from the types that read the files, as their documents are.
static TABLE: LazyLock<BTreeMap<String, Vec<Member>>> = LazyLock::new(|| {
    let rows: BTreeMap<String, Vec<Vec<String>>> =
        serde_json::from_str(include_str!("members.json")).unwrap_or_default();
    let member = |row: Vec<String>| {
        let mut row = row.into_iter();
        Member { name: row.next().unwrap_or_default(), types: row.map(|text| Type::parse(&text)).collect() }
    };
    rows.into_iter().map(|(name, rows)| (name, rows.into_iter().map(member).collect())).collect()
});

struct Member {
    name: String,
    types: Vec<Type>,
}

/// The type of a value.
enum Type {
    /// A mapping with known members.
    Struct(String),
    /// `[…]`: a list.
    List(Box<Type>),
    /// `{…}`: a mapping with any names.
    Map(Box<Type>),
}

impl Type {
    fn parse(text: &str) -> Self {
        let within = |open, close| text.strip_prefix(open).and_then(|text| text.strip_suffix(close));
        match (within('[', ']'), within('{', '}')) {
            (Some(item), _) => Self::List(Box::new(Self::parse(item))),
            (_, Some(value)) => Self::Map(Box::new(Self::parse(value))),
            (None, None) => Self::Struct(text.to_owned()),
        }
    }
}

/// The types that a value can have; none if its members have no order.
#[derive(Clone, Default)]
pub(super) struct Shape(Vec<&'static Type>);

impl Shape {
    /// The shape of a file.
    pub(super) fn of(kind: FileKind) -> Self {
        static ROOTS: LazyLock<[Type; 2]> =
            LazyLock::new(|| ["ScenarioFile", "SeedFile"].map(|name| Type::Struct(name.to_owned())));
        let [scenarios, seed] = &*ROOTS;
        Self(vec![match kind {
            FileKind::Scenarios => scenarios,
            FileKind::Seed => seed,
        }])
    }

    /// Whether the value can be a mapping with known members.
    pub(super) fn has_members(&self) -> bool {
        self.0.iter().any(|of| matches!(of, Type::Struct(_)))
    }

    /// The shape of the items, if the value is a list.
    pub(super) fn item(&self) -> Self {
        let item = |of: &&'static Type| match of {
            Type::List(item) => Some(&**item),
            Type::Struct(_) | Type::Map(_) => None,
        };
        Self(self.0.iter().filter_map(item).collect())
    }

    /// The shape of the value of a member, if the value is a mapping.
    pub(super) fn member(&self, name: &str) -> Self {
        let types = self.0.iter().flat_map(|of| match of {
            Type::Struct(of) => {
                let found = TABLE.get(of).and_then(|all| all.iter().find(|member| member.name == name));
                found.map_or_else(Vec::new, |member| member.types.iter().collect())
            }
            Type::Map(value) => vec![&**value],
            Type::List(_) => Vec::new(),
        });
        Self(types.collect())
    }

    /// Returns the indexes of `names` in their order. An unknown name stays behind the one before
    /// it.
    pub(super) fn order_of(&self, names: &[&str]) -> Vec<usize> {
        let structs = self.0.iter().filter_map(|of| match of {
            Type::Struct(of) => TABLE.get(of),
            Type::List(_) | Type::Map(_) => None,
        });
        let mut order: Vec<usize> = (0..names.len()).collect();
        // Of several types, the one that has all names.
        let mut structs: Vec<_> = structs.collect();
        structs.sort_by_key(|members| {
            names.iter().filter(|name| !members.iter().any(|member| member.name == **name)).count()
        });
        if let Some(members) = structs.first() {
            let mut last = 0;
            let ranks: Vec<usize> = names
                .iter()
                .map(|name| {
                    let known = members.iter().position(|member| member.name == *name);
                    last = known.map_or(last, |rank| rank + 1);
                    last
                })
                .collect();
            order.sort_by_key(|index| ranks.get(*index).copied());
        }
        order
    }
}
