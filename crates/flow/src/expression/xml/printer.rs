//! Prints a node of a document.

use super::document::{Binding, Document, Kind, prefix};

/// Prints a node with what is in it. Fails if that is longer than `most` bytes.
pub(in super::super) fn print(document: &Document, node: usize, most: usize) -> Result<String, String> {
    let mut printer = Printer { document, text: String::new(), bindings: Vec::new(), most };
    if node == 0 && !document.declaration.is_empty() {
        printer.text.push_str("<?xml");
        for (name, value) in &document.declaration {
            printer.attribute(name, value);
        }
        printer.text.push_str("?>");
    }
    printer.node(node)?;
    Ok(printer.text)
}

struct Printer<'a> {
    document: &'a Document,
    text: String,
    bindings: Vec<Binding>,
    most: usize,
}

impl Printer<'_> {
    fn node(&mut self, node: usize) -> Result<(), String> {
        match self.document.kind(node) {
            Kind::Root { children } => children.iter().try_for_each(|child| self.node(*child))?,
            Kind::Element { name, children, .. } => {
                let scope = self.bindings.len();
                self.text.push('<');
                self.text.push_str(name);
                self.declare(node);
                for attribute in self.document.attributes(node) {
                    self.declare(*attribute);
                    if let Kind::Attribute { name, value, .. } = self.document.kind(*attribute) {
                        self.attribute(name, value);
                    }
                }
                if children.is_empty() {
                    self.text.push_str(" />");
                } else {
                    self.text.push('>');
                    children.iter().try_for_each(|child| self.node(*child))?;
                    self.text.push_str("</");
                    self.text.push_str(name);
                    self.text.push('>');
                }
                self.bindings.truncate(scope);
            }
            Kind::Attribute { value, .. } | Kind::Text(value) => self.escaped(value, false),
            Kind::Comment(value) => {
                self.text.push_str("<!--");
                self.text.push_str(value);
                self.text.push_str("-->");
            }
            Kind::Instruction { name, value } => {
                for part in ["<?", name, " ", value, "?>"] {
                    self.text.push_str(part);
                }
            }
        }
        if self.text.len() > self.most {
            return Err(format!("the XML is larger than {} bytes", self.most));
        }
        Ok(())
    }

    /// Declares the namespace of a name, unless that has been done around it.
    fn declare(&mut self, node: usize) {
        let (name, namespace) = self.document.name(node);
        let prefix = prefix(name);
        let is_attribute = matches!(self.document.kind(node), Kind::Attribute { .. });
        if prefix == "xml" || (is_attribute && prefix.is_empty()) {
            return;
        }
        let bound = self.bindings.iter().rev().find(|(known, _)| **known == *prefix);
        if bound.map_or("", |(_, uri)| uri) != namespace {
            let declaration = if prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{prefix}") };
            self.bindings.push((prefix.into(), namespace.into()));
            self.attribute(&declaration, namespace);
        }
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.text.push(' ');
        self.text.push_str(name);
        self.text.push_str("=\"");
        self.escaped(value, true);
        self.text.push('"');
    }

    fn escaped(&mut self, value: &str, is_attribute: bool) {
        for c in value.chars() {
            match c {
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '&' => self.text.push_str("&amp;"),
                '"' if is_attribute => self.text.push_str("&quot;"),
                '\n' if is_attribute => self.text.push_str("&#xA;"),
                plain => self.text.push(plain),
            }
        }
    }
}
