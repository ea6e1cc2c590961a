//! JSON Schemas of scenario and seed files.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use syn::{GenericArgument, PathArguments, Type, TypePath};

use crate::source::{Described, Field, Form, Source, TypeId, Variant};

const SCENARIOS: (&str, &str) = ("crates/lab/src/scenario/file.rs", "ScenarioFile");
const SEEDS: (&str, &str) = ("crates/lab/src/seed/file.rs", "SeedFile");

pub(crate) fn of_scenarios(source: &Source) -> Value {
    Writer::new(source, true).document(SCENARIOS, "A scenario file of Outlive")
}

pub(crate) fn of_seeds(source: &Source) -> Value {
    Writer::new(source, false).document(SEEDS, "A seed file of Outlive")
}

/// The types that scenario files consist of.
pub(crate) fn types_of_scenarios(source: &Source) -> Vec<TypeId> {
    let mut writer = Writer::new(source, true);
    writer.document(SCENARIOS, "");
    writer.written.into_keys().collect()
}

/// The type that is read: without `Option`, `Spanned` and `Box`.
pub(crate) fn inner(ty: &Type) -> &Type {
    match last(ty) {
        Some((name, arguments)) if ["Option", "Spanned", "Box"].contains(&name.as_str()) => {
            arguments.first().map_or(ty, |ty| inner(ty))
        }
        _ => ty,
    }
}

/// The last segment of a path, and its type arguments.
pub(crate) fn last(ty: &Type) -> Option<(String, Vec<&Type>)> {
    let Type::Path(TypePath { path, .. }) = ty else { return None };
    let segment = path.segments.last()?;
    let arguments = match &segment.arguments {
        PathArguments::AngleBracketed(list) => list
            .args
            .iter()
            .filter_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    Some((segment.ident.to_string(), arguments))
}

struct Writer<'a> {
    source: &'a Source,
    /// Whether every single value can be a placeholder.
    has_placeholders: bool,
    written: BTreeMap<TypeId, Value>,
}

impl<'a> Writer<'a> {
    fn new(source: &'a Source, has_placeholders: bool) -> Self {
        Self { source, has_placeholders, written: BTreeMap::new() }
    }

    fn document(&mut self, (file, name): (&str, &str), title: &str) -> Value {
        let root = (file.to_owned(), name.to_owned());
        self.write(&root);
        let mut definitions: Map<String, Value> =
            self.written.iter().map(|(id, schema)| (self.name_of(id), schema.clone())).collect();
        definitions.insert(
            "Duration".to_owned(),
            json!({
                "description": "A duration (ISO 8601), for example PT1H or P90D.", "type": "string",
                "examples": ["PT1H", "P90D"],
            }),
        );
        definitions.insert("Instant".to_owned(), json!({
            "description": "An instant (RFC 3339).", "type": "string", "examples": ["2026-01-05T09:00:00Z"],
        }));
        definitions.insert(
            "Start".to_owned(),
            json!({
                "description": "An instant (RFC 3339), or a negative duration before now.", "type": "string",
                "examples": ["2026-01-05T09:00:00Z", "-P90D"],
            }),
        );
        definitions.insert(
            "Placeholder".to_owned(),
            json!({
                "description": "A placeholder, which is replaced by a value.", "type": "string",
                "pattern": r"^\$\{(var\.|row\.|twin\.|round).*\}$",
            }),
        );
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": title,
            "$ref": format!("#/$defs/{}", self.name_of(&root)),
            "$defs": definitions,
        })
    }

    /// The name of a definition: that of the type, with its module if another has the same name.
    fn name_of(&self, id: &TypeId) -> String {
        let (file, name) = id;
        if self.written.keys().filter(|(_, known)| known == name).count() < 2 {
            return name.clone();
        }
        let module = file.rsplit('/').next().unwrap_or(file).trim_end_matches(".rs");
        format!("{module}.{name}")
    }

    fn write(&mut self, id: &TypeId) {
        if self.written.contains_key(id) {
            return;
        }
        self.written.insert(id.clone(), Value::Null);
        // The names of definitions depend on all types, so every type is found first.
        let _ = self.schema_of(id);
        let schema = self.schema_of(id);
        self.written.insert(id.clone(), schema);
        if id.1.ends_with("File") {
            let ids: Vec<TypeId> = self.written.keys().cloned().collect();
            for id in ids {
                let schema = self.schema_of(&id);
                self.written.insert(id, schema);
            }
        }
    }

    fn schema_of(&mut self, id: &TypeId) -> Value {
        let Described { doc, form } = &self.source.types[id];
        let mut schema = match form {
            Form::Struct(fields) => self.object(fields, &id.0),
            Form::Enum(variants, is_untagged) => self.choice(variants, *is_untagged, &id.0),
            Form::Other => json!({}),
        };
        if id.1 == "Step" {
            for (verb, verb_id) in self.source.verbs.clone() {
                self.write(&verb_id);
                let reference = json!({"$ref": format!("#/$defs/{}", self.name_of(&verb_id))});
                schema["properties"][verb] = reference;
            }
        }
        if !doc.is_empty() {
            schema["description"] = doc.as_str().into();
        }
        schema
    }

    fn object(&mut self, fields: &[Field], file: &str) -> Value {
        let mut properties = Map::new();
        let mut required: Vec<&str> = Vec::new();
        let mut is_open = false;
        for field in fields {
            if field.is_flat {
                is_open = true;
                continue;
            }
            let mut schema = self.of_type(&field.ty, file);
            if !field.doc.is_empty() {
                schema["description"] = field.doc.as_str().into();
            }
            properties.insert(field.name.clone(), schema);
            if field.is_required {
                required.push(&field.name);
            }
        }
        let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": is_open});
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        schema
    }

    fn choice(&mut self, variants: &[Variant], is_untagged: bool, file: &str) -> Value {
        let is_word = |variant: &Variant| variant.content.is_none() && variant.fields.is_empty();
        if variants.iter().all(is_word) {
            let names: Vec<&str> = variants.iter().map(|variant| variant.name.as_str()).collect();
            return self.or_placeholder(json!({"enum": names}));
        }
        let one = |variant: &Variant| {
            let content = match &variant.content {
                Some(ty) => self.of_type(ty, file),
                None if is_word(variant) => json!({"const": variant.name}),
                None => self.object(&variant.fields, file),
            };
            let is_named = !is_untagged && !is_word(variant);
            if is_named { json!({"type": "object", "properties": {&variant.name: content}}) } else { content }
        };
        let all: Vec<Value> = variants.iter().map(one).collect();
        json!({"anyOf": all})
    }

    fn of_type(&mut self, ty: &Type, file: &str) -> Value {
        let ty = inner(ty);
        if let Type::Array(array) = ty {
            return json!({"type": "array", "items": self.of_type(&array.elem, file)});
        }
        let Some((name, arguments)) = last(ty) else { return json!({}) };
        let of_argument = |writer: &mut Self, index: usize| match arguments.get(index) {
            Some(ty) => writer.of_type(ty, file),
            None => json!({}),
        };
        match name.as_str() {
            "Vec" => {
                let items = of_argument(self, 0);
                // Overlays are also written as mappings by name.
                if file.ends_with("wire/src/overlay.rs") && items.get("$ref").is_some() {
                    let named = json!({"type": "object", "additionalProperties": items});
                    return json!({"anyOf": [named, {"type": "array", "items": items}]});
                }
                self.or_placeholder(json!({"type": "array", "items": items}))
            }
            "BTreeMap" | "HashMap" => {
                json!({"type": "object", "additionalProperties": of_argument(self, 1)})
            }
            "Map" => json!({"type": "object"}),
            "String" => json!({"type": ["string", "number", "boolean"]}),
            "bool" => self.or_placeholder(json!({"type": "boolean"})),
            "u8" | "u16" | "u32" | "u64" | "usize" => {
                self.or_placeholder(json!({"type": "integer", "minimum": 0}))
            }
            "i8" | "i16" | "i32" | "i64" => self.or_placeholder(json!({"type": "integer"})),
            "f32" | "f64" => self.or_placeholder(json!({"type": "number"})),
            "Span" => json!({"$ref": "#/$defs/Duration"}),
            "Instant" => json!({"$ref": "#/$defs/Instant"}),
            "Starts" => json!({"$ref": "#/$defs/Start"}),
            "Value" => json!({}),
            _ => {
                let Some(id) = self.source.resolve(file, &name).cloned() else { return json!({}) };
                if matches!(self.source.types[&id].form, Form::Other) {
                    return json!({});
                }
                self.write(&id);
                json!({"$ref": format!("#/$defs/{}", self.name_of(&id))})
            }
        }
    }

    fn or_placeholder(&self, schema: Value) -> Value {
        if !self.has_placeholders {
            return schema;
        }
        json!({"anyOf": [schema, {"$ref": "#/$defs/Placeholder"}]})
    }
}
