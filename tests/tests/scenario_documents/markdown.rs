//! The page about scenario files.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use syn::Type;

use crate::excerpt::{Examples, STRUCTURE};
use crate::members::AFTER_VERBS;
use crate::schema::{inner, last};
use crate::source::{Field, Form, Source, TypeId, Variant};

/// What no type describes.
const INTRODUCTION: &str = "# Scenario files

A scenario file is YAML: a list of scenarios, each of which runs in a tenant of its own whose time stands still between steps. `outlive \
check FILE` reports all mistakes of a file with their positions, `outlive run FILE` executes it, and `outlive schema scenario` prints the \
JSON Schema ([scenarios.schema.json](scenarios.schema.json)) for editors. `outlive fmt FILE` writes a file in its \
[canonical form](#canonical-form).

This page is generated from the types that read the files: run `UPDATE_DOCS=1 cargo test -p outlive-tests --test scenario_documents` after \
a change. Every example is part of a file in `scenarios/`, which a test executes.

## Placeholders

| placeholder | replaced by | where |
|---|---|---|
| `${var.NAME}` | a value of `vars` | everywhere |
| `${row.COLUMN}` | a value of the row of `examples` | everywhere in the scenario, step or block with the table |
| `${round}` | the number of the repetition, from 1 | everywhere in the step or block with `repeat` |
| `${twin.FACT}` | the value of the fact of a paired scenario | everywhere in the file |
| `${captured.NAME}` | a value that an earlier step captured | texts of requests and expectations |
| `${mark.NAME}` | the instant of a mark, as in the issuer's messages | as above |
| `${issued.NAME}`, `${expires.NAME}` | when stored tokens were issued, and when the access token expires | as above |
| `${user.ROLE.id}`, `.upn`, `.password` | a user | as above |
| `${app.NAME.client_id}`, `.secret` | an application | as above |
| `${identity.NAME.client_id}`, `.principal_id`, `.resource_id` | a managed identity | as above |
| `${certificate.NAME.pfx}`, `.password`, `.key` | a certificate that a step created | as above |
| `${connection.NAME.id}`, `${flow.NAME.id}`, `${object.NAME.id}` | an object that a step created | as above |
| `${key.NAME}`, `${tenant.id}` | a key of the orders API, the tenant | as above |

A text that is nothing but `${var.NAME}`, `${row.COLUMN}` or `${round}` becomes the value with its type, so numbers and durations can be \
placeholders: `status: \"${row.status}\"`. Within braces, write placeholders in quotation marks.

## Canonical form

`outlive fmt FILE…` rewrites scenario and seed files, `outlive fmt FOLDER` all below a folder, and prints the names of those that changed. \
`outlive fmt --check` changes nothing: it prints the differences and exits with 1 if there are any, for continuous integration and for \
`.git/hooks/pre-commit`:

```sh
git diff --cached --name-only -z --diff-filter=d -- scenarios | xargs -0r outlive fmt --check
```

`outlive fmt -` formats the standard input, for editors. In the canonical form

- two spaces indent each level, and the items of a list are indented below its key,
- lists and mappings in brackets and braces, `{user: owner, app: Orders Desktop}`, are on one line if it has at most 140 columns, and otherwise \
have a line for each member,
- texts in quotation marks have double ones, unless they contain such marks or backslashes. Quotation marks are neither added nor removed, and \
texts are never broken or joined,
- there is at most one empty line between two others, no space at the end of a line, no byte order mark, lines end with a line feed, and so does \
the file,
- the members of a mapping have the order of the tables on this page, in seed files that of their types. \
Members of mappings with names of your own, such as `vars` and `body`, and fields that do not exist, stay where they are.

A member moves with the comments above it and on its line. Where it is not certain to what a comment belongs, the members of that mapping stay in \
the order in which they are written: if the first would move and has a comment directly above it (a comment about the whole file has an empty line \
below it), if one with a comment above it would be the first, if the last would move and has comments below it, and if a mapping in braces has \
comments. So they do in a file with aliases (`*name`), and in one that has another meaning with its members in order.

The file is read before and after it is formatted: if a value or a comment would be another, the file is not changed, and the place is reported. \
So is a file that is indented by more than 60 columns, or in which a text keeps empty lines at its end (`|+`). \
A file with mistakes that `outlive check` finds is formatted all the same, as long as it is valid YAML.
";

pub(crate) fn document(source: &Source, examples: &Examples) -> String {
    let mut text = INTRODUCTION.to_owned();
    for (title, name) in [
        ("The file", "ScenarioFile"),
        ("A scenario", "Scenario"),
        ("A chapter", "Chapter"),
        ("A step", "Step"),
    ] {
        let id = source.resolve("", name).unwrap_or_else(|| panic!("no type {name}"));
        let _ = write!(text, "\n## {title}\n\n{}\n", source.types[id].doc);
        write_type(
            &mut text,
            source,
            id,
            &mut BTreeSet::from(["Step".to_owned(), "Scenario".to_owned(), "Chapter".to_owned()]),
        );
    }
    let (head, scenarios) = examples.structure();
    let _ = write!(
        text,
        "\n## Elements by example\n\nFrom `{STRUCTURE}`, which begins with:\n\n```yaml\n{head}\n```\n"
    );
    for (name, scenario) in scenarios {
        let _ = write!(text, "\n### {name}\n\n```yaml\n{}\n```\n", scenario.trim_end());
    }
    text.push_str("\n## Verbs\n\n| verb | what it does |\n|---|---|\n");
    for (verb, id) in &source.verbs {
        let _ = writeln!(text, "| [`{verb}`](#{verb}) | {} |", source.types[id].doc.replace('|', "\\|"));
    }
    for (verb, id) in &source.verbs {
        let _ = write!(text, "\n### {verb}\n\n{}\n", source.types[id].doc);
        write_type(&mut text, source, id, &mut BTreeSet::new());
        if let Some((file, step)) = examples.of_verb(verb) {
            let _ = write!(text, "\nFrom `{file}`:\n\n```yaml\n{}\n```\n", step.trim_end());
        }
    }
    text
}

/// Writes the fields of a type, and those of the types of its fields.
fn write_type(text: &mut String, source: &Source, id: &TypeId, known: &mut BTreeSet<String>) {
    known.insert(id.1.clone());
    match &source.types[id].form {
        Form::Struct(fields) => write_fields(text, source, id, fields, known),
        Form::Enum(variants, is_untagged) => {
            text.push_str("\n| value | |\n|---|---|\n");
            for Variant { name, doc, content, .. } in variants {
                let value = match content {
                    Some(content) if *is_untagged => type_text(source, id, content),
                    _ => format!("`{name}`"),
                };
                let _ = writeln!(text, "| {value} | {} |", doc.replace('|', "\\|"));
            }
            for ty in variants.iter().filter_map(|variant| variant.content.as_ref()) {
                write_inner(text, source, id, ty, known);
            }
        }
        Form::Other => {}
    }
}

fn write_fields(
    text: &mut String,
    source: &Source,
    id: &TypeId,
    fields: &[Field],
    known: &mut BTreeSet<String>,
) {
    if fields.is_empty() {
        text.push_str("\nIt has no fields.\n");
        return;
    }
    text.push_str("\n| field | | |\n|---|---|---|\n");
    for field in fields {
        if id.1 == "Step" && field.name == AFTER_VERBS {
            text.push_str(
                "| a verb | required unless it has `steps` or `parallel` | See [below](#verbs). |\n",
            );
        }
        let required = if field.is_required { ", required" } else { "" };
        let (ty, doc) = (type_text(source, id, &field.ty), field.doc.replace('|', "\\|"));
        let _ = writeln!(text, "| `{}` | {ty}{required} | {doc} |", field.name);
    }
    for field in fields {
        write_inner(text, source, id, &field.ty, known);
    }
}

/// Writes the type of a field, unless it is written already.
fn write_inner(text: &mut String, source: &Source, id: &TypeId, ty: &Type, known: &mut BTreeSet<String>) {
    let ty = inner(ty);
    if let Type::Array(array) = ty {
        return write_inner(text, source, id, &array.elem, known);
    }
    let Some((name, arguments)) = last(ty) else { return };
    for argument in arguments {
        write_inner(text, source, id, argument, known);
    }
    let Some(found) = source.resolve(&id.0, &name) else { return };
    let described = &source.types[found];
    if known.contains(&name) || matches!(described.form, Form::Other) {
        return;
    }
    let _ = write!(text, "\n**{}**: {}\n", words(&name), described.doc);
    write_type(text, source, found, known);
}

/// The type of a field in words.
fn type_text(source: &Source, id: &TypeId, ty: &Type) -> String {
    let ty = inner(ty);
    if let Type::Array(array) = ty {
        return format!("list of {}", type_text(source, id, &array.elem));
    }
    let Some((name, arguments)) = last(ty) else { return "value".to_owned() };
    let of_argument = |index: usize| {
        arguments.get(index).map_or_else(|| "value".to_owned(), |ty| type_text(source, id, ty))
    };
    match name.as_str() {
        "Vec" => format!("list of {}", of_argument(0)),
        "BTreeMap" | "HashMap" => format!("mapping of names to {}", of_argument(1)),
        "String" => "text".to_owned(),
        "bool" => "true or false".to_owned(),
        "Span" => "duration".to_owned(),
        "Instant" | "Starts" => "instant".to_owned(),
        "Value" | "Map" => "value".to_owned(),
        name if name.starts_with(['u', 'i', 'f']) && name.len() <= 5 => "number".to_owned(),
        name if source.resolve(&id.0, name).is_some() => words(name),
        _ => "value".to_owned(),
    }
}

/// The name of a type in words: `failed action`.
fn words(name: &str) -> String {
    let mut words = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(c.to_lowercase());
    }
    words
}
