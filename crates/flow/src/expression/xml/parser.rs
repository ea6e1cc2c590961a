//! Parses XML 1.0 with namespaces, without document types: no entity can expand.

use std::rc::Rc;

use super::super::weight::VALUE_DEPTH_MAX;
use super::document::{Binding, Document, Kind, Node, prefix};

/// The maximum number of namespace declarations that apply at one place.
const BINDINGS_MAX: usize = 256;
/// The maximum number of attributes of an element.
const ATTRIBUTES_MAX: usize = 1_000;

/// Parses a document. An error says what is wrong.
pub(in super::super) fn parse(text: &str) -> Result<Document, String> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let mut parser = Parser {
        rest: text,
        document: Document {
            nodes: vec![Node { parent: 0, kind: Kind::Root { children: Vec::new() } }],
            declaration: Vec::new(),
        },
        open: vec![0],
        bindings: vec![("xml".into(), "http://www.w3.org/XML/1998/namespace".into())],
    };
    parser.read().map_err(|what| {
        let at = text.len() - parser.rest.len();
        let line = text[..at].matches('\n').count() + 1;
        format!("line {line}: {what}")
    })?;
    Ok(parser.document)
}

struct Parser<'a> {
    rest: &'a str,
    document: Document,
    /// The elements that are not closed, from the root.
    open: Vec<usize>,
    bindings: Vec<Binding>,
}

impl<'a> Parser<'a> {
    fn read(&mut self) -> Result<(), String> {
        if self.rest.starts_with("<?xml") && self.rest[5..].starts_with([' ', '\t', '\r', '\n']) {
            self.rest = &self.rest[5..];
            self.document.declaration = self.attributes()?;
            self.expect("?>")?;
        }
        while !self.rest.is_empty() {
            if let Some(rest) = self.rest.strip_prefix("<!--") {
                let comment = self.until(rest, "-->")?;
                self.add(Kind::Comment(comment.to_owned()));
            } else if let Some(rest) = self.rest.strip_prefix("<![CDATA[") {
                let text = self.until(rest, "]]>")?.to_owned();
                self.add_text(text)?;
            } else if let Some(rest) = self.rest.strip_prefix("<?") {
                let instruction = self.until(rest, "?>")?;
                let (name, value) = instruction.split_once([' ', '\n', '\t']).unwrap_or((instruction, ""));
                self.add(Kind::Instruction { name: name.to_owned(), value: value.trim_start().to_owned() });
            } else if self.rest.starts_with("<!") {
                return Err("a document type is not supported".to_owned());
            } else if let Some(rest) = self.rest.strip_prefix("</") {
                self.rest = rest;
                self.close()?;
            } else if let Some(rest) = self.rest.strip_prefix('<') {
                self.rest = rest;
                self.element()?;
            } else {
                let length = self.rest.find('<').unwrap_or(self.rest.len());
                let text = unescaped(&self.rest[..length])?;
                self.add_text(text)?;
                self.rest = &self.rest[length..];
            }
        }
        if let Some(open) = self.open.get(1..).and_then(<[usize]>::last) {
            return Err(format!("element '{}' is not closed", self.document.name(*open).0));
        }
        let roots = self.document.children(0).iter();
        if roots.filter(|child| matches!(self.document.kind(**child), Kind::Element { .. })).count() != 1 {
            return Err("a document has one root element".to_owned());
        }
        Ok(())
    }

    fn until(&mut self, rest: &'a str, end: &str) -> Result<&'a str, String> {
        let length = rest.find(end).ok_or_else(|| format!("'{end}' is missing"))?;
        self.rest = &rest[length + end.len()..];
        Ok(&rest[..length])
    }

    fn expect(&mut self, text: &str) -> Result<(), String> {
        self.rest =
            self.rest.trim_start().strip_prefix(text).ok_or_else(|| format!("'{text}' is expected"))?;
        Ok(())
    }

    fn current(&self) -> usize {
        self.open.last().copied().unwrap_or(0)
    }

    fn add(&mut self, kind: Kind) -> usize {
        let parent = self.current();
        let node = self.document.nodes.len();
        let is_attribute = matches!(kind, Kind::Attribute { .. });
        self.document.nodes.push(Node { parent, kind });
        match &mut self.document.nodes[parent].kind {
            Kind::Element { attributes, .. } if is_attribute => attributes.push(node),
            Kind::Root { children } | Kind::Element { children, .. } => children.push(node),
            _ => {}
        }
        node
    }

    fn add_text(&mut self, text: String) -> Result<(), String> {
        if self.open.len() == 1 {
            return if text.trim().is_empty() {
                Ok(())
            } else {
                Err("text is outside the root element".to_owned())
            };
        }
        let last = self.document.children(self.current()).last().copied();
        if let Some(Kind::Text(before)) = last.map(|last| &mut self.document.nodes[last].kind) {
            before.push_str(&text);
        } else if !text.is_empty() {
            self.add(Kind::Text(text));
        }
        Ok(())
    }

    fn name(&mut self) -> Result<&'a str, String> {
        let length = self.rest.find(|c: char| !is_name_character(c)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(length);
        let colons = name.matches(':').count();
        let is_name = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
        if !is_name || colons > 1 || name.ends_with(':') {
            return Err("a name is expected".to_owned());
        }
        self.rest = rest;
        Ok(name)
    }

    fn attributes(&mut self) -> Result<Vec<(String, String)>, String> {
        let mut attributes: Vec<(String, String)> = Vec::new();
        loop {
            let trimmed = self.rest.trim_start();
            if trimmed.starts_with(['>', '/', '?']) || trimmed.is_empty() {
                return Ok(attributes);
            }
            if trimmed.len() == self.rest.len() {
                return Err("a blank is expected before an attribute".to_owned());
            }
            self.rest = trimmed;
            let name = self.name()?.to_owned();
            self.expect("=")?;
            self.rest = self.rest.trim_start();
            let quote = self.rest.chars().next().filter(|c| matches!(c, '"' | '\''));
            let quote = quote.ok_or("the value of an attribute is in quotes")?;
            let rest = &self.rest[1..];
            let value = self.until(rest, if quote == '"' { "\"" } else { "'" })?;
            if value.contains('<') {
                return Err("an attribute contains '<'".to_owned());
            }
            if attributes.iter().any(|(other, _)| *other == name) {
                return Err(format!("attribute '{name}' is given twice"));
            }
            if attributes.len() == ATTRIBUTES_MAX {
                return Err(format!("an element has at most {ATTRIBUTES_MAX} attributes"));
            }
            attributes.push((name, unescaped(value)?));
        }
    }

    fn element(&mut self) -> Result<(), String> {
        if self.open.len() > VALUE_DEPTH_MAX {
            return Err(format!("elements are nested more than {VALUE_DEPTH_MAX} levels deep"));
        }
        let name = self.name()?.to_owned();
        let attributes = self.attributes()?;
        let scope = self.bindings.len();
        let mut plain = Vec::new();
        for (name, value) in attributes {
            match name.strip_prefix("xmlns") {
                Some("") => self.bindings.push(("".into(), value.into())),
                Some(prefixed) if prefixed.starts_with(':') => {
                    self.bindings.push((prefixed[1..].into(), value.into()));
                }
                _ => plain.push((name, value)),
            }
        }
        if self.bindings.len() > BINDINGS_MAX {
            return Err(format!("more than {BINDINGS_MAX} namespaces are declared"));
        }
        let bindings = self.bindings[scope..].to_vec();
        let namespace = self.namespace(&name, true)?;
        let element = self.add(Kind::Element {
            name,
            namespace,
            bindings,
            attributes: Vec::new(),
            children: Vec::new(),
        });
        self.open.push(element);
        for (name, value) in plain {
            let namespace = self.namespace(&name, false)?;
            self.add(Kind::Attribute { name, namespace, value });
        }
        self.rest = self.rest.trim_start();
        if let Some(rest) = self.rest.strip_prefix("/>") {
            self.rest = rest;
            self.leave();
            return Ok(());
        }
        self.expect(">")
    }

    fn close(&mut self) -> Result<(), String> {
        let name = self.name()?;
        if self.open.len() == 1 || self.document.name(self.current()).0 != name {
            return Err(format!("'</{name}>' closes no open element"));
        }
        self.expect(">")?;
        self.leave();
        Ok(())
    }

    fn leave(&mut self) {
        if let Some(Kind::Element { bindings, .. }) = self.open.pop().map(|node| self.document.kind(node)) {
            let left = self.bindings.len() - bindings.len();
            self.bindings.truncate(left);
        }
    }

    fn namespace(&self, name: &str, has_default: bool) -> Result<Rc<str>, String> {
        let prefix = prefix(name);
        if prefix.is_empty() && !has_default {
            return Ok("".into());
        }
        match self.bindings.iter().rev().find(|(known, _)| **known == *prefix) {
            Some((_, uri)) => Ok(Rc::clone(uri)),
            None if prefix.is_empty() => Ok("".into()),
            None => Err(format!("the prefix '{prefix}' is not declared")),
        }
    }
}

pub(super) fn is_name_character(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':')
}

/// Replaces character references and the five predefined entities.
fn unescaped(text: &str) -> Result<String, String> {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        result.push_str(&rest[..at]);
        let (entity, after) =
            rest[at + 1..].split_once(';').ok_or("'&' begins an entity that ends with ';'")?;
        result.push(match entity {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "apos" => '\'',
            "quot" => '"',
            _ => {
                let code = match (entity.strip_prefix("#x"), entity.strip_prefix('#')) {
                    (Some(hex), _) => u32::from_str_radix(hex, 16).ok(),
                    (_, Some(decimal)) => decimal.parse().ok(),
                    _ => None,
                };
                let known =
                    code.and_then(char::from_u32).filter(|c| *c >= ' ' || matches!(c, '\t' | '\n' | '\r'));
                known.ok_or_else(|| {
                    format!("the entity '&{};' is not defined", entity.chars().take(20).collect::<String>())
                })?
            }
        });
        rest = after;
    }
    result.push_str(rest);
    Ok(result)
}
