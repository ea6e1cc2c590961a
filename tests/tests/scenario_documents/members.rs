//! The order of the members of scenario and seed files, for `outlive fmt`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use syn::Type;

use crate::schema::{inner, last};
use crate::source::{Field, Form, Source, TypeId};

/// The verb of a step is before this member.
pub(crate) const AFTER_VERBS: &str = "mark";

/// A member: its name, and the types that its value can have.
type Member = (String, Vec<String>);

/// The table: each type with its members in their order, one on each line.
pub(crate) fn table(source: &Source) -> String {
    let mut writer = Writer { source, written: BTreeMap::new() };
    for (file, root) in
        [("crates/lab/src/scenario/file.rs", "ScenarioFile"), ("crates/lab/src/seed/file.rs", "SeedFile")]
    {
        writer.write(&(file.to_owned(), root.to_owned()));
    }
    let mut text = "{\n".to_owned();
    for (number, ((_, name), members)) in writer.written.iter().enumerate() {
        let separator = if number == 0 { "" } else { ",\n" };
        let _ = write!(text, "{separator}  \"{name}\": [");
        for (number, (member, types)) in members.iter().enumerate() {
            let separator = if number == 0 { "" } else { "," };
            let row: Vec<&String> = [member].into_iter().chain(types).collect();
            let _ = write!(text, "{separator}\n    {}", serde_json::to_string(&row).expect("texts"));
        }
        text.push_str("\n  ]");
    }
    text + "\n}\n"
}

struct Writer<'a> {
    source: &'a Source,
    written: BTreeMap<TypeId, Vec<Member>>,
}

impl Writer<'_> {
    fn write(&mut self, id: &TypeId) {
        if self.written.contains_key(id) {
            return;
        }
        let is_new = self.written.keys().all(|(_, name)| *name != id.1);
        assert!(is_new, "two types with the name {}: rename one", id.1);
        self.written.insert(id.clone(), Vec::new());
        let Form::Struct(fields) = &self.source.types[id].form else { panic!("{} is no struct", id.1) };
        let mut members = Vec::new();
        for field in fields.iter().filter(|field| !field.is_flat) {
            if id.1 == "Step" && field.name == AFTER_VERBS {
                for (verb, verb_id) in self.source.verbs.clone() {
                    self.write(&verb_id);
                    members.push((verb, vec![verb_id.1]));
                }
            }
            members.push(self.member(field, &id.0));
        }
        self.written.insert(id.clone(), members);
    }

    fn member(&mut self, field: &Field, file: &str) -> Member {
        (field.name.clone(), self.types_of(&field.ty, file))
    }

    /// The types with members that a value can have: a name, `[…]` for a list, `{…}` for a mapping.
    fn types_of(&mut self, ty: &Type, file: &str) -> Vec<String> {
        let ty = inner(ty);
        if let Type::Array(array) = ty {
            return self.types_of(&array.elem, file).iter().map(|item| format!("[{item}]")).collect();
        }
        let Some((name, arguments)) = last(ty) else { return Vec::new() };
        let of_argument = |writer: &mut Self, index: usize| {
            arguments.get(index).map_or_else(Vec::new, |ty| writer.types_of(ty, file))
        };
        match name.as_str() {
            "Vec" => {
                let items = of_argument(self, 0);
                let mut types: Vec<String> = items.iter().map(|item| format!("[{item}]")).collect();
                // Overlays are also written as mappings by name.
                if file.ends_with("wire/src/overlay.rs") {
                    types.extend(items.iter().map(|item| format!("{{{item}}}")));
                }
                types
            }
            "BTreeMap" | "HashMap" => {
                of_argument(self, 1).iter().map(|value| format!("{{{value}}}")).collect()
            }
            _ => {
                let Some(id) = self.source.resolve(file, &name).cloned() else { return Vec::new() };
                match &self.source.types[&id].form {
                    Form::Struct(_) => {
                        self.write(&id);
                        vec![id.1]
                    }
                    Form::Enum(variants, true) => {
                        let contents = variants.iter().filter_map(|variant| variant.content.as_ref());
                        contents.flat_map(|ty| self.types_of(ty, &id.0)).collect()
                    }
                    Form::Enum(_, false) | Form::Other => Vec::new(),
                }
            }
        }
    }
}
