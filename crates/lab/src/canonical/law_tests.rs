//! Laws of formatting, over generated files.

use proptest::prelude::*;
use serde_json::Value;

use super::canonical;

/// A part of a generated file, with the way in which it is written.
#[derive(Clone, Debug)]
enum Part {
    /// A text on one line.
    Inline(String),
    /// A block scalar: its header and lines.
    Block(String, Vec<String>),
    List(Vec<Entry>, Style),
    Map(Vec<(String, Entry)>, Style),
}

#[derive(Clone, Debug)]
struct Entry {
    part: Part,
    /// Empty lines before it.
    blank: usize,
    /// Whether a comment is above it, and one on its line.
    comments: (bool, bool),
}

#[derive(Clone, Copy, Debug)]
struct Style {
    is_flow: bool,
    /// The indentation, or the number of spaces behind commas.
    width: usize,
    /// Whether a flow collection has a line for each entry.
    is_tall: bool,
}

/// Writes parts, and numbers the comments, so that each is unique.
#[derive(Default)]
struct Writer {
    text: String,
    comments: usize,
}

impl Writer {
    fn comment(&mut self) -> String {
        self.comments += 1;
        // Some look like something else.
        let content = ["key: value", "- item", "\"quoted", "é", ""][self.comments % 5];
        format!("#{} {content}<{}>", " ".repeat(self.comments % 3), self.comments)
    }

    fn file(root: &[(String, Entry)]) -> Self {
        let mut writer = Self::default();
        writer.block_map(root, 0, 2);
        writer
    }

    fn lead(&mut self, entry: &Entry, indent: usize) {
        self.text.push_str(&"\n".repeat(entry.blank));
        if entry.comments.0 {
            let comment = self.comment();
            self.text.push_str(&format!("{:indent$}{comment}\n", ""));
        }
    }

    fn tail(&mut self, entry: &Entry) {
        if entry.comments.1 {
            let comment = self.comment();
            self.text.push_str(&format!("  {comment}"));
        }
        self.text.push('\n');
    }

    fn block_map(&mut self, members: &[(String, Entry)], indent: usize, width: usize) {
        for (index, (key, entry)) in members.iter().enumerate() {
            // The first is behind the dash of its item, or the key of its mapping.
            if index > 0 || indent == 0 {
                self.lead(entry, indent);
                self.text.push_str(&" ".repeat(indent));
            }
            self.text.push_str(&format!("{key}:"));
            self.value(entry, indent, width, false);
        }
    }

    fn block_list(&mut self, items: &[Entry], indent: usize, width: usize) {
        for entry in items {
            self.lead(entry, indent);
            self.text.push_str(&format!("{:indent$}-", ""));
            self.value(entry, indent, width.max(2), true);
        }
    }

    /// Writes a value behind a key or dash, with its line break.
    fn value(&mut self, entry: &Entry, indent: usize, width: usize, is_item: bool) {
        match &entry.part {
            Part::Block(header, lines) => {
                self.text.push_str(&format!(" {header}"));
                self.tail(entry);
                let indent = indent + width;
                for line in lines {
                    self.text.push_str(&if line.is_empty() {
                        "\n".to_owned()
                    } else {
                        format!("{:indent$}{line}\n", "")
                    });
                }
            }
            Part::Map(members, style) if !style.is_flow && !members.is_empty() => {
                let deeper = if is_item { indent + 2 } else { indent + style.width };
                if is_item {
                    self.text.push(' ');
                } else {
                    self.tail(entry);
                    self.text.push_str(&" ".repeat(deeper));
                }
                self.block_map(members, deeper, style.width);
            }
            Part::List(items, style) if !style.is_flow && !items.is_empty() => {
                self.tail(entry);
                // A list can be at the column of its key.
                let deeper = if is_item || style.width > 2 { indent + 2 } else { indent };
                self.block_list(items, deeper, style.width);
            }
            part => {
                self.text.push(' ');
                self.flow(part, indent + 2);
                self.tail(entry);
            }
        }
    }

    fn flow(&mut self, part: &Part, indent: usize) {
        match part {
            Part::Inline(text) => self.text.push_str(&text.replace('\n', &format!("\n{:indent$}", ""))),
            Part::Block(_, lines) => self.text.push_str(&Value::from(lines.join(" ")).to_string()),
            Part::List(items, style) => {
                self.collection("[", items.iter().map(|item| (None, item)), *style, indent, "]")
            }
            Part::Map(members, style) => {
                let members = members.iter().map(|(key, entry)| (Some(key.as_str()), entry));
                self.collection("{", members, *style, indent, "}");
            }
        }
    }

    fn collection<'a>(
        &mut self,
        open: &str,
        entries: impl Iterator<Item = (Option<&'a str>, &'a Entry)>,
        style: Style,
        indent: usize,
        close: &str,
    ) {
        self.text.push_str(open);
        for (index, (key, entry)) in entries.enumerate() {
            if index > 0 {
                self.text.push_str(&format!(",{:1$}", "", style.width - 1));
            }
            if style.is_tall {
                if entry.comments.1 {
                    let comment = self.comment();
                    self.text.push_str(&format!(" {comment}"));
                }
                self.text.push_str(&format!("\n{:indent$}", ""));
            }
            if let Some(key) = key {
                self.text.push_str(&format!("{key}: "));
            }
            self.flow(&entry.part, indent + 2);
        }
        self.text.push_str(close);
    }
}

fn inline() -> impl Strategy<Value = String> {
    let ugly = prop::sample::select(vec![
        "owner",
        "Orders Desktop",
        "yes",
        "no",
        "Off",
        "1e3",
        "1.10",
        "1.0",
        "0x1f",
        "0o17",
        "0123",
        "1_000",
        "-1",
        "+1",
        ".5",
        ".inf",
        ".nan",
        "null",
        "~",
        "2026-11-26",
        "2026-11-26T10:00:00Z",
        "12:30:45",
        "PT1H",
        "a#b",
        "a:b",
        "http://x:80/y#z",
        "é ü 漢字 🙂",
        "\"yes\"",
        "'yes'",
        "\"1e3\"",
        "'0x1f'",
        "\"null\"",
        "'~'",
        "\"2026-11-26\"",
        "\"a: b\"",
        "'a #b'",
        "\"a, b\"",
        "\"#\"",
        "'- x'",
        "\"tab\\t\\u00e9\\x41\\/\"",
        "'it''s'",
        "\"it's\"",
        "\"say \\\"hi\\\"\"",
        "'say \"hi\"'",
        "'both '' and \"'",
        "\"\"",
        "''",
        "\" \"",
        "' lead'",
        "\"trail \"",
        "'c:\\dir'",
        "\"c:\\\\dir\"",
        "\"${var.x}\"",
        "!!str 5",
        "\"two\nlines\"",
        "'two\nlines'",
        "\"a\\\nb\"",
        "\"a\n\nb\"",
        "plain\ntext",
        "\"\\n\"",
        "'''x'''",
        "\"'\"",
        "'\"'",
        "\"a \\\n \\ b\"",
        "x'y",
        "x\"y",
        "-x",
        "?x",
        ":x",
        "\"\u{feff}x\"",
        "\"\\u2028\"",
        "1.7976931348623157e308",
        "18446744073709551615",
        "*base",
    ]);
    prop_oneof![
        6 => ugly.prop_map(str::to_owned),
        1 => "\\PC{0,12}".prop_map(|text: String| Value::from(text).to_string()),
        1 => "[ -~éß]{0,12}".prop_map(|text: String| format!("'{}'", text.replace('\'', "''"))),
    ]
}

fn block() -> impl Strategy<Value = Part> {
    let header = prop::sample::select(vec!["|", ">", "|-", ">-", "|+", ">+"]);
    let line = prop::sample::select(vec![
        "text",
        "",
        "  deeper",
        "# no comment",
        "- item",
        "key: value",
        "trailing ",
        "é",
    ]);
    (header, prop::collection::vec(line, 0..5)).prop_map(|(header, mut lines)| {
        // Otherwise the indentation is that of the second line.
        lines.insert(0, "first");
        Part::Block(header.to_owned(), lines.into_iter().map(str::to_owned).collect())
    })
}

fn key() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "name",
        "about",
        "tags",
        "vars",
        "overlay",
        "users",
        "chapters",
        "title",
        "steps",
        "say",
        "sign_in",
        "user",
        "app",
        "keep",
        "mark",
        "expect_journal",
        "kind",
        "service",
        "count",
        "x",
        "\"yes\"",
        "'quoted key'",
        "0x1f",
        "a b",
        "é",
        "/path",
        "\"a: b\"",
        "null",
        "1",
    ])
    .prop_map(str::to_owned)
}

fn style() -> impl Strategy<Value = Style> {
    (any::<bool>(), 1..5_usize, any::<bool>()).prop_map(|(is_flow, width, is_tall)| Style {
        is_flow,
        width,
        is_tall,
    })
}

fn entry(part: impl Strategy<Value = Part>) -> impl Strategy<Value = Entry> {
    let above = prop::bool::weighted(0.2);
    let blank = prop_oneof![8 => Just(0_usize), 1 => Just(1), 1 => Just(3)];
    (part, blank, (above, prop::bool::weighted(0.2))).prop_map(|(part, blank, comments)| Entry {
        part,
        blank,
        comments,
    })
}

/// Members with unique keys.
fn members(value: impl Strategy<Value = Part>) -> impl Strategy<Value = Vec<(String, Entry)>> {
    prop::collection::vec((key(), entry(value)), 0..6).prop_map(|mut members| {
        let mut seen = std::collections::BTreeSet::new();
        members.retain(|(key, _)| seen.insert(key.trim_matches(['"', '\'']).to_owned()));
        members
    })
}

fn part() -> impl Strategy<Value = Part> {
    let leaf = prop_oneof![4 => inline().prop_map(Part::Inline), 1 => block()];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            (prop::collection::vec(entry(inner.clone()), 0..5), style())
                .prop_map(|(items, style)| Part::List(items, style)),
            (members(inner), style()).prop_map(|(members, style)| Part::Map(members, style)),
        ]
    })
}

/// A file as text, with the number of its comments.
fn file() -> impl Strategy<Value = (String, usize)> {
    let root = prop::sample::select(vec!["scenarios", "seed"]);
    (members(part()), root, entry(part()), any::<prop::sample::Index>()).prop_map(
        |(mut members, root, value, index)| {
            members.retain(|(key, _)| !["users", root].contains(&key.as_str()));
            let index = index.index(members.len() + 1);
            members.insert(index, (root.to_owned(), value));
            let writer = Writer::file(&members);
            let anchor = if writer.text.contains("*base") { "base: &base {x: 1}\n" } else { "" };
            (format!("{anchor}{}", writer.text), writer.comments)
        },
    )
}

fn read(text: &str) -> Option<Value> {
    serde_saphyr::from_str(text).ok()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, max_global_rejects: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn formatting_changes_no_value_and_no_comment_and_is_stable((written, comments) in file(), ending in 0..4) {
        let text = match ending {
            0 => written.replace('\n', "\r\n"),
            1 => format!("\u{feff}{written}"),
            2 => written.trim_end().to_owned(),
            _ => written,
        };
        let value = read(&text);
        prop_assume!(value.is_some());
        let formatted = canonical("file.yaml", &text);
        // Empty lines at the end of a text that keeps them (`|+`) would be joined.
        let is_refused = formatted.is_err() && (text.contains("|+") || text.contains(">+"));
        prop_assume!(!is_refused);
        prop_assert!(formatted.is_ok(), "{}\n{text}", formatted.expect_err("an error")[0]);
        let formatted = formatted.expect("a text");
        prop_assert_eq!(read(&formatted), value, "{}\nformatted:\n{}", text, formatted);
        for number in 1..=comments {
            let mark = format!("<{number}>");
            let lines: Vec<&str> = formatted.lines().filter(|line| line.ends_with(&mark)).collect();
            prop_assert_eq!(lines.len(), 1, "{}\n{}\nformatted:\n{}", mark, text, formatted);
        }
        let again = canonical("file.yaml", &formatted);
        prop_assert_eq!(again.as_ref(), Ok(&formatted), "{}", text);
        let is_plain = formatted.ends_with('\n') && !formatted.contains(['\r', '\u{feff}']);
        prop_assert!(is_plain || text.contains("\"\u{feff}x"), "{:?}", formatted);
    }
}
