//! A parsed document. Nodes are numbered in document order.

use std::rc::Rc;

pub(in super::super) struct Document {
    pub(super) nodes: Vec<Node>,
    /// Version, encoding and so on, if the document declares them.
    pub(super) declaration: Vec<(String, String)>,
}

pub(super) struct Node {
    pub(super) parent: usize,
    pub(super) kind: Kind,
}

/// A namespace prefix (empty for the default) and its URI.
pub(super) type Binding = (Rc<str>, Rc<str>);

pub(in super::super) enum Kind {
    Root {
        children: Vec<usize>,
    },
    Element {
        name: String,
        namespace: Rc<str>,
        bindings: Vec<Binding>,
        attributes: Vec<usize>,
        children: Vec<usize>,
    },
    Attribute {
        name: String,
        namespace: Rc<str>,
        value: String,
    },
    Text(String),
    Comment(String),
    Instruction {
        name: String,
        value: String,
    },
}

impl Document {
    pub(in super::super) fn kind(&self, node: usize) -> &Kind {
        &self.nodes[node].kind
    }

    pub(super) fn children(&self, node: usize) -> &[usize] {
        match self.kind(node) {
            Kind::Root { children } | Kind::Element { children, .. } => children,
            _ => &[],
        }
    }

    pub(super) fn attributes(&self, node: usize) -> &[usize] {
        if let Kind::Element { attributes, .. } = self.kind(node) { attributes } else { &[] }
    }

    /// Returns the name with its prefix, and the namespace.
    pub(super) fn name(&self, node: usize) -> (&str, &str) {
        match self.kind(node) {
            Kind::Element { name, namespace, .. } | Kind::Attribute { name, namespace, .. } => {
                (name, namespace)
            }
            Kind::Instruction { name, .. } => (name, ""),
            Kind::Root { .. } | Kind::Text(_) | Kind::Comment(_) => ("", ""),
        }
    }

    /// Returns the string-value (XPath 1.0, section 5).
    pub(in super::super) fn text(&self, node: usize) -> String {
        let mut text = String::new();
        self.append_text(node, &mut text);
        text
    }

    fn append_text(&self, node: usize, text: &mut String) {
        match self.kind(node) {
            Kind::Root { children } | Kind::Element { children, .. } => {
                for child in children {
                    if !matches!(self.kind(*child), Kind::Comment(_) | Kind::Instruction { .. }) {
                        self.append_text(*child, text);
                    }
                }
            }
            Kind::Attribute { value, .. } | Kind::Instruction { value, .. } => text.push_str(value),
            Kind::Text(value) | Kind::Comment(value) => text.push_str(value),
        }
    }
}

/// Returns the part of a name after its prefix.
pub(super) fn local(name: &str) -> &str {
    name.split_once(':').map_or(name, |(_, local)| local)
}

/// Returns the prefix of a name; empty without one.
pub(super) fn prefix(name: &str) -> &str {
    name.split_once(':').map_or("", |(prefix, _)| prefix)
}
