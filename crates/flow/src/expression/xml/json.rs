//! Conversion between XML and JSON, by the conventions of Json.NET: `@name` is an attribute,
//! `#text` a text beside others, and an array a repeated element.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::document::{Document, Kind};
use super::parser::is_name_character;

/// Converts a document to an object.
pub(in super::super) fn to_json(document: &Document) -> Value {
    let mut map = Map::new();
    if !document.declaration.is_empty() {
        let declaration = document.declaration.iter().map(|(name, value)| (format!("@{name}"), json!(value)));
        map.insert("?xml".to_owned(), Value::Object(declaration.collect()));
    }
    for child in document.children(0) {
        if let Kind::Element { name, .. } = document.kind(*child) {
            map.insert(name.clone(), element(document, *child));
        }
    }
    Value::Object(map)
}

fn element(document: &Document, node: usize) -> Value {
    let mut map = Map::new();
    if let Kind::Element { bindings, .. } = document.kind(node) {
        for (prefix, uri) in bindings {
            let name = if prefix.is_empty() { "@xmlns".to_owned() } else { format!("@xmlns:{prefix}") };
            map.insert(name, json!(**uri));
        }
    }
    for attribute in document.attributes(node) {
        map.insert(format!("@{}", document.name(*attribute).0), Value::String(document.text(*attribute)));
    }
    let children = document.children(node);
    let texts: Vec<&str> = children
        .iter()
        .filter_map(
            |child| if let Kind::Text(text) = document.kind(*child) { Some(text.as_str()) } else { None },
        )
        .collect();
    let has_elements = children.iter().any(|child| matches!(document.kind(*child), Kind::Element { .. }));
    if map.is_empty() && !has_elements {
        return if texts.is_empty() { Value::Null } else { Value::String(texts.concat()) };
    }
    for child in children {
        if let Kind::Element { name, .. } = document.kind(*child) {
            add(&mut map, name, element(document, *child));
        }
    }
    for text in texts.into_iter().filter(|text| !has_elements || !text.trim().is_empty()) {
        add(&mut map, "#text", json!(text));
    }
    Value::Object(map)
}

fn add(map: &mut Map<String, Value>, name: &str, value: Value) {
    match map.get_mut(name) {
        None => {
            map.insert(name.to_owned(), value);
        }
        // An element is never an array itself: an array has several elements of this name.
        Some(Value::Array(items)) => items.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
    }
}

/// Converts an object with one property to XML. An error says what is wrong.
pub(in super::super) fn from_json(value: &Value, most: usize) -> Result<String, String> {
    const ONE_ROOT: &str = "the object must have one root property, which cannot be an array";
    let map = value.as_object().ok_or("the value is no object")?;
    let mut roots = map.iter().filter(|(name, _)| *name != "?xml");
    let (Some((name, root)), None) = (roots.next(), roots.next()) else { return Err(ONE_ROOT.to_owned()) };
    if root.is_array() || name.starts_with(['@', '#']) {
        return Err(ONE_ROOT.to_owned());
    }
    let mut text = String::new();
    if let Some(declaration) = map.get("?xml").and_then(Value::as_object) {
        text.push_str("<?xml");
        for (name, value) in declaration {
            attribute(&mut text, name.trim_start_matches('@'), value)?;
        }
        text.push_str("?>");
    }
    write_element(&mut text, name, root, most)?;
    Ok(text)
}

fn write_element(text: &mut String, name: &str, value: &Value, most: usize) -> Result<(), String> {
    if text.len() > most {
        return Err(format!("the XML is larger than {most} bytes"));
    }
    if let Value::Array(items) = value {
        return items.iter().try_for_each(|item| match item {
            Value::Array(_) => Err("an array in an array has no form in XML".to_owned()),
            item => write_element(text, name, item, most),
        });
    }
    let name = encoded_name(name);
    text.push('<');
    text.push_str(&name);
    let start = match value {
        Value::Object(map) => {
            for (name, value) in map.iter().filter(|(name, _)| name.starts_with('@')) {
                attribute(text, &name[1..], value)?;
            }
            text.push('>');
            let start = text.len();
            for (name, value) in map.iter().filter(|(name, _)| !name.starts_with('@')) {
                match name.as_str() {
                    "#text" | "#cdata-section" => match value {
                        Value::Array(items) => items.iter().try_for_each(|item| escape(text, item))?,
                        value => escape(text, value)?,
                    },
                    _ => write_element(text, name, value, most)?,
                }
            }
            start
        }
        plain => {
            text.push('>');
            let start = text.len();
            escape(text, plain)?;
            start
        }
    };
    if text.len() == start {
        text.pop();
        text.push_str(" />");
    } else {
        let _ = write!(text, "</{name}>");
    }
    Ok(())
}

fn attribute(text: &mut String, name: &str, value: &Value) -> Result<(), String> {
    let _ = write!(text, " {}=\"", encoded_name(name));
    escape(text, value)?;
    text.push('"');
    Ok(())
}

fn escape(text: &mut String, value: &Value) -> Result<(), String> {
    let plain = match value {
        Value::Null => return Ok(()),
        Value::String(plain) => plain.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(_) | Value::Object(_) => {
            return Err("a text or an attribute has a simple value".to_owned());
        }
    };
    for c in plain.chars() {
        match c {
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '&' => text.push_str("&amp;"),
            '"' => text.push_str("&quot;"),
            c if c < ' ' && !matches!(c, '\t' | '\n' | '\r') => {
                return Err("the text contains a control character, which XML does not allow".to_owned());
            }
            plain => text.push(plain),
        }
    }
    Ok(())
}

/// Encodes what a name cannot contain, as `XmlConvert.EncodeName` does: a blank is `_x0020_`.
fn encoded_name(name: &str) -> String {
    let mut encoded = String::new();
    for (at, c) in name.chars().enumerate() {
        if (at == 0 && !c.is_alphabetic() && c != '_') || !is_name_character(c) {
            let _ = write!(encoded, "_x{:04X}_", u32::from(c));
        } else {
            encoded.push(c);
        }
    }
    if encoded.is_empty() { "_".to_owned() } else { encoded }
}
