//! A tree as text whose lines identify the values.

use serde_json::Value;
use serde_saphyr::Spanned;

use super::node::Node;

/// The path to a value: the index of the entry or item at each level.
pub(super) type Path = Vec<usize>;

/// The tree as YAML text in which every key and every value begins a line of its own, so that a
/// line number identifies a value.
#[derive(Default)]
pub(super) struct Lines {
    pub(super) text: String,
    /// The value of each line, and whether it is the line of its key.
    pub(super) places: Vec<(Path, bool)>,
}

impl Lines {
    fn line(&mut self, path: &Path, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
        self.places.push((path.clone(), false));
    }

    fn key(&mut self, path: &Path, key: &str) {
        self.line(path, &format!(" {}:", Value::from(key)));
        if let Some((_, is_key)) = self.places.last_mut() {
            *is_key = true;
        }
    }

    pub(super) fn write(&mut self, node: &Spanned<Node>, path: &mut Path) {
        match &node.value {
            Node::Scalar(value, spelling) => {
                let text = spelling.clone().unwrap_or_else(|| value.to_string());
                self.line(path, &format!(" {text}"));
            }
            Node::List(items) => {
                self.line(path, " [");
                for (index, item) in items.iter().enumerate() {
                    path.push(index);
                    self.write(item, path);
                    path.pop();
                    self.line(path, " ,");
                }
                self.line(path, " ]");
            }
            Node::Map(entries) => {
                self.line(path, " {");
                for (index, (key, value)) in entries.iter().enumerate() {
                    path.push(index);
                    self.key(path, &key.value);
                    self.write(value, path);
                    path.pop();
                    self.line(path, " ,");
                }
                self.line(path, " }");
            }
        }
    }
}
