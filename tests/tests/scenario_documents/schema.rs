//! JSON Schemas of scenario and seed files.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use syn::{GenericArgument, PathArguments, Type, TypePath};

use crate::limits::{self, PLACEHOLDER};
use crate::source::{Described, Field, Form, Source, TypeId, Variant};

const SCENARIOS: (&str, &str) = ("crates/lab/src/scenario/file.rs", "ScenarioFile");
const SEEDS: (&str, &str) = ("crates/lab/src/seed/file.rs", "SeedFile");

pub(crate) fn of_scenarios(source: &Source) -> Value {
    Writer::new(source, true).document(SCENARIOS, "A scenario file of Outlive")
}

pub(crate) fn of_seeds(source: &Source) -> Value {
    Writer::new(source, false).document(SEEDS, "A seed file of Outlive")
}

/// The file whose lists can also be mappings by name.
const OVERLAY: &str = "crates/wire/src/overlay.rs";

const BOOLEAN: &str = "^([Tt]rue|[Ff]alse|[Yy]es|[Nn]o|[Oo]n|[Oo]ff)$";
const ID: &str = r"^(urn:uuid:)?\{?[0-9A-Fa-f]{8}(-?[0-9A-Fa-f]{4}){3}-?[0-9A-Fa-f]{12}\}?$";
/// ISO 8601 without months and years, which have no fixed length, or a short form (`1h 30m`).
const DURATION: &str = r"^[+-]?([Pp]([0-9.,]+[Ww])?([0-9.,]+[Dd])?([Tt][0-9].*[HhMmSs])?|[0-9].*[A-Za-z])$";
const INSTANT: &str = r"^[0-9]{4}-(0[1-9]|1[0-2])-[0-9]{2}[Tt_ ][0-9:.,]+ ?([Zz]|[+-][0-9:]+)";
const START: &str = r"^-[Pp]?.*[0-9].*[A-Za-z]|^(19[7-9]|[2-9][0-9]{2})[0-9]-(0[1-9]|1[0-2])-[0-9]{2}[Tt_ ][0-9:.,]+ ?([Zz]|[+-][0-9:]+)";

/// The types that scenario files consist of.
pub(crate) fn types_of_scenarios(source: &Source) -> Vec<TypeId> {
    let mut writer = Writer::new(source, true);
    writer.document(SCENARIOS, "");
    writer.written.into_keys().collect()
}

/// The type that is read: without `Option`, `Spanned`, `Box` and `Arc`.
pub(crate) fn inner(ty: &Type) -> &Type {
    match last(ty) {
        Some((name, arguments)) if ["Option", "Spanned", "Box", "Arc"].contains(&name.as_str()) => {
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
            self.time("A duration (ISO 8601), for example PT1H or P90D.", DURATION, &["PT1H", "P90D"]),
        );
        let instant = self.time("An instant (RFC 3339).", INSTANT, &["2026-01-05T09:00:00Z"]);
        definitions.insert("Instant".to_owned(), instant);
        let start = "An instant (RFC 3339), or a negative duration before now.";
        definitions.insert("Start".to_owned(), self.time(start, START, &["2026-01-05T09:00:00Z", "-P90D"]));
        definitions.insert(
            "Placeholder".to_owned(),
            json!({
                "description": "A placeholder, which is replaced by a value.", "type": "string",
                "pattern": format!(r"^\s*{PLACEHOLDER}.*\}}?\s*$"),
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
            Form::Struct(fields) => self.object(fields, id),
            Form::Enum(variants, is_untagged) => self.choice(variants, *is_untagged, &id.0),
            Form::Other => json!({}),
        };
        if id.1 == "Step" {
            for (verb, verb_id) in self.source.verbs.clone() {
                self.write(&verb_id);
                let reference = json!({"$ref": format!("#/$defs/{}", self.name_of(&verb_id))});
                schema["properties"][verb] = self.or_placeholder(reference);
            }
        }
        add(&mut schema, limits::of_type(self.source, &id.1));
        if !doc.is_empty() {
            schema["description"] = doc.as_str().into();
        }
        schema
    }

    fn object(&mut self, fields: &[Field], id: &TypeId) -> Value {
        let mut properties = Map::new();
        let mut required: Vec<&str> = Vec::new();
        let mut is_open = false;
        for field in fields {
            if field.is_flat {
                is_open = true;
                continue;
            }
            let schema = self.of_type(&field.ty, &id.0);
            let mut schema = self.limited(schema, limits::of_member(self.source, &id.1, &field.name));
            if schema == json!({}) && matches!(last(inner(&field.ty)), Some((name, _)) if name == "Value") {
                schema = json!({"type": ["string", "number", "boolean", "array", "object"]});
            }
            if !field.doc.is_empty() {
                schema["description"] = field.doc.as_str().into();
            }
            if let Some(alias) = &field.alias {
                let mut schema = schema.clone();
                schema["description"] = format!("Another name of `{}`.", field.name).into();
                properties.insert(alias.clone(), schema);
            }
            properties.insert(field.name.clone(), schema);
            if field.is_required {
                required.push(&field.name);
            }
        }
        let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": is_open});
        if self.has_placeholders {
            schema["patternProperties"] = json!({PLACEHOLDER: {}});
        }
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        schema
    }

    /// Adds what the value of a member has to be like. A placeholder remains possible.
    fn limited(&self, mut schema: Value, limit: Value) -> Value {
        if limit.is_null() {
            return schema;
        }
        let is_text = schema["type"].as_array().is_some_and(|types| types.contains(&"boolean".into()));
        match schema.get_mut("anyOf") {
            Some(alternatives) => add(&mut alternatives[0], limit),
            None => add(&mut schema, limit),
        }
        if is_text { self.or_text_with_placeholder(schema) } else { schema }
    }

    /// A text with a point in time or a duration.
    fn time(&self, description: &str, pattern: &str, examples: &[&str]) -> Value {
        json!({
            "description": description, "type": "string", "pattern": self.pattern(pattern),
            "examples": examples,
        })
    }

    /// A pattern, or a placeholder where they are possible.
    fn pattern(&self, pattern: &str) -> String {
        if self.has_placeholders { format!("{pattern}|{PLACEHOLDER}") } else { pattern.to_owned() }
    }

    /// A number or a boolean, which can be written as a text.
    fn scalar(&self, name: &str, pattern: &str) -> Value {
        json!({"type": [name, "string"], "pattern": self.pattern(pattern)})
    }

    fn choice(&mut self, variants: &[Variant], is_untagged: bool, file: &str) -> Value {
        let is_word = |variant: &Variant| variant.content.is_none() && variant.fields.is_empty();
        if variants.iter().all(is_word) {
            let names: Vec<&str> = variants.iter().map(|variant| variant.name.as_str()).collect();
            return self.or_placeholder(json!({"enum": names}));
        }
        let one = |variant: &Variant| {
            let is_text = |ty: &Type| matches!(last(ty), Some((name, _)) if name == "String");
            let content = match &variant.content {
                Some(ty) if is_untagged && is_text(ty) => json!({"type": "string"}),
                Some(ty) => self.of_type(ty, file),
                None if is_word(variant) => json!({"const": variant.name}),
                None => self.object(&variant.fields, &(file.to_owned(), variant.name.clone())),
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
            let items = self.of_type(&array.elem, file);
            let list = json!({"type": "array", "items": items});
            return match &array.len {
                syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(len), .. }) => {
                    let len: usize = len.base10_parse().expect("a number");
                    let mut list = list;
                    add(&mut list, json!({"minItems": len, "maxItems": len}));
                    list
                }
                _ => list,
            };
        }
        let Some((name, arguments)) = last(ty) else { return json!({}) };
        let of_argument = |writer: &mut Self, index: usize| match arguments.get(index) {
            Some(ty) => writer.of_type(ty, file),
            None => json!({}),
        };
        match name.as_str() {
            "Vec" => {
                let items = of_argument(self, 0);
                // Users and applications of overlays are also written as mappings by name.
                let by_name = items["$ref"].as_str().and_then(|reference| match reference {
                    "#/$defs/OverlayUser" => Some("role"),
                    "#/$defs/OverlayApplication" => Some("name"),
                    _ => None,
                });
                if let Some(name) = by_name {
                    let items = self.or_placeholder(items);
                    let named = json!({"type": "object", "additionalProperties": items});
                    let item =
                        json!({"allOf": [items, {"if": {"type": "object"}, "then": {"required": [name]}}]});
                    let either = json!({"anyOf": [named, {"type": "array", "items": item}]});
                    return self.or_placeholder(either);
                }
                self.or_placeholder(json!({"type": "array", "items": items}))
            }
            "BTreeMap" | "HashMap" => {
                let values = of_argument(self, 1);
                self.or_placeholder(json!({"type": "object", "additionalProperties": values}))
            }
            "Map" => self.or_placeholder(json!({"type": "object"})),
            "String" => json!({"type": ["string", "number", "boolean"]}),
            "bool" => self.scalar("boolean", BOOLEAN),
            "u8" | "u16" | "u32" | "u64" | "usize" => {
                let mut schema = self.scalar("integer", "^[0-9]+$");
                add(&mut schema, json!({"minimum": 0, "maximum": maximum(&name)}));
                schema
            }
            "i8" | "i16" | "i32" | "i64" => self.scalar("integer", "^-?[0-9]+$"),
            "f32" | "f64" => self.scalar("number", r"^-?[0-9]*\.?[0-9]+$"),
            "Uuid" | "TenantId" | "UserId" | "ClientId" | "ServicePrincipalId" => {
                json!({"type": "string", "pattern": self.pattern(ID)})
            }
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
                let reference = json!({"$ref": format!("#/$defs/{}", self.name_of(&id))});
                let is_struct = matches!(self.source.types[&id].form, Form::Struct(_));
                if is_struct && file != OVERLAY { self.or_placeholder(reference) } else { reference }
            }
        }
    }

    fn or_placeholder(&self, schema: Value) -> Value {
        if !self.has_placeholders {
            return schema;
        }
        json!({"anyOf": [schema, {"$ref": "#/$defs/Placeholder"}]})
    }

    fn or_text_with_placeholder(&self, schema: Value) -> Value {
        if !self.has_placeholders {
            return schema;
        }
        json!({"anyOf": [schema, {"type": "string", "pattern": PLACEHOLDER}]})
    }
}

/// Adds the keywords of `more` to a schema.
fn add(schema: &mut Value, more: Value) {
    let (Value::Object(schema), Value::Object(more)) = (schema, more) else { return };
    for (keyword, value) in more {
        match (schema.get_mut(&keyword), &value) {
            (Some(known @ Value::Object(_)), Value::Object(_)) => add(known, value),
            _ => {
                schema.insert(keyword, value);
            }
        }
    }
}

/// The largest number of a type; that of a JSON number without a fraction for the largest ones.
fn maximum(name: &str) -> u64 {
    match name {
        "u8" => u8::MAX.into(),
        "u16" => u16::MAX.into(),
        "u32" => u32::MAX.into(),
        _ => (1 << 53) - 1,
    }
}
